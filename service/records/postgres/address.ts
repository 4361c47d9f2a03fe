/** The address of the database: one server, or several of which one accepts writes. */
export interface DatabaseAddress {
  /** One URL for each host: the driver reads no list of hosts. */
  readonly urls: readonly [string, ...string[]];
  /** Whether read-only servers are skipped. */
  readonly isWriter: boolean;
}

/** Reads libpq's list of hosts and its `target_session_attrs`. */
export function parseAddress(text: string): DatabaseAddress {
  const [, scheme = '', user = '', list = '', rest = ''] =
    /^(postgres(?:ql)?:\/\/)((?:[^@/]*@)?)([^/?]*)(.*)$/s.exec(text) ?? [];
  const target = /[?&]target_session_attrs=([\w-]+)/.exec(rest)?.[1];
  const others = rest.replace(/([?&])target_session_attrs=[\w-]+&?/, '$1').replace(/[?&]$/, '');
  const [first = '', ...more] = list.split(',').map((host) => `${scheme}${user}${host}${others}`);
  return {
    urls: [scheme === '' ? text : first, ...more],
    isWriter: target === undefined ? more.length > 0 : target === 'read-write' || target === 'primary',
  };
}
