/** Where the database is: one server, or several of which one takes writes at a time. */
export interface DatabaseAddress {
  /** One a host, as the driver reads them: it knows no list of hosts. */
  readonly urls: readonly [string, ...string[]];
  /** A server that takes no writes is passed over. */
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
