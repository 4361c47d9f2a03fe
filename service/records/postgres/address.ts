/** Where the database is: one server, or several of which one takes writes at a time. */
export interface DatabaseAddress {
  /** With the first host alone, as the driver reads it. */
  readonly url: string;
  readonly hosts: readonly { readonly host: string; readonly port: number }[];
  /** `target_session_attrs=read-write`: a server that takes no writes is passed over. */
  readonly isWriter: boolean;
}

/** The driver knows one host; libpq's list of hosts is read here. */
export function parseAddress(text: string): DatabaseAddress {
  const [, scheme = '', user = '', list = '', rest = ''] =
    /^(postgres(?:ql)?:\/\/)((?:[^@/]*@)?)([^/?]*)(.*)$/s.exec(text) ?? [];
  const hosts = list.split(',').map((each) => {
    const [, host = '', port = '5432'] = /^(.*?)(?::(\d+))?$/.exec(each) ?? [];
    return { host: host.replace(/^\[|\]$/g, ''), port: Number(port) };
  });
  const target = /[?&]target_session_attrs=([\w-]+)/.exec(rest)?.[1];
  const others = rest.replace(/([?&])target_session_attrs=[\w-]+&?/, '$1').replace(/[?&]$/, '');
  const [first = ''] = list.split(',');
  return {
    url: scheme === '' ? text : `${scheme}${user}${first}${others}`,
    hosts,
    isWriter: target === 'read-write' || target === 'primary' || (target === undefined && hosts.length > 1),
  };
}
