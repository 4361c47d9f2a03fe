import { BlockList, isIP } from 'node:net';

/**
 * `private` is every address that is not on the public internet, such as loopback, private networks and the metadata
 * service of the cloud. An invalid address counts as private.
 * https://www.iana.org/assignments/iana-ipv4-special-registry, https://www.iana.org/assignments/iana-ipv6-special-registry
 */
export function addressKind(address: string): 'public' | 'private' {
  const text = address.replace(/^\[|\]$/g, '').replace(/%.*$/, '');
  const family = isIP(text);
  if (family === 4) return notPublic4.check(text, 'ipv4') ? 'private' : 'public';
  if (family !== 6) return 'private';
  const inside = ipv4Inside(text);
  if (inside !== undefined) return addressKind(inside);
  // Global unicast as assigned by IANA, without special-purpose ranges.
  return globalUnicast6.check(text, 'ipv6') && !notPublic6.check(text, 'ipv6') ? 'public' : 'private';
}

const notPublic4 = blockList('ipv4', [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
]);
const globalUnicast6 = blockList('ipv6', [['2000::', 3]]);
const notPublic6 = blockList('ipv6', [
  ['2001::', 23],
  ['2001:db8::', 32],
  ['3fff::', 20],
]);

function blockList(family: 'ipv4' | 'ipv6', ranges: readonly (readonly [string, number])[]): BlockList {
  const list = new BlockList();
  for (const [network, prefix] of ranges) list.addSubnet(network, prefix, family);
  return list;
}

/** The IPv4 address in a mapped, NAT64 or 6to4 address. */
function ipv4Inside(address: string): string | undefined {
  const groups = groupsOf(address);
  const [high = 0, low = 0] = startsWith(groups, [0x2002]) ? groups.slice(1, 3) : groups.slice(6);
  const leadsTo4 =
    startsWith(groups, [0, 0, 0, 0, 0, 0xffff]) ||
    startsWith(groups, [0x64, 0xff9b, 0, 0, 0, 0]) ||
    startsWith(groups, [0x2002]);
  return leadsTo4 ? [high >> 8, high & 255, low >> 8, low & 255].join('.') : undefined;
}

const startsWith = (groups: readonly number[], start: readonly number[]) =>
  start.every((group, index) => groups[index] === group);

/** The eight numbers of a valid IPv6 address. */
function groupsOf(address: string): number[] {
  const hex = address.replace(/(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/, (_all, ...bytes: string[]) => {
    const [a = 0, b = 0, c = 0, d = 0] = bytes.map(Number);
    return `${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}`;
  });
  const [head = '', tail] = hex.split('::');
  const numbers = (part: string) =>
    part === '' ? [] : part.split(':').map((group) => Number.parseInt(group, 16));
  const before = numbers(head);
  if (tail === undefined) return before;
  const after = numbers(tail);
  return [...before, ...Array<number>(8 - before.length - after.length).fill(0), ...after];
}
