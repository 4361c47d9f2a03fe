import { createHmac, type Hmac, hkdfSync, timingSafeEqual } from 'node:crypto';

/** A service key, as the settings name it. */
export interface IntegrityKey {
  readonly id: string;
  readonly key: Uint8Array;
}

/** Signs stored data, so that outside changes are detected. */
export interface Integrity {
  /** Of the key that signs. */
  readonly keyId: string;
  readonly start: () => Hmac;
  readonly sign: (text: string | Buffer) => string;
  /** Undefined when valid; otherwise the fault, for an operator. */
  readonly fault: (keyId: string, mac: string, text: string | Buffer) => string | undefined;
}

/** Without keys, damage is found, and a change by a person who knows this program is not. */
const noKeys: readonly IntegrityKey[] = [{ id: 'none', key: new Uint8Array(32) }];

/** @param keys the first one signs; all of them verify */
export function createIntegrity(keys: readonly IntegrityKey[] = noKeys): Integrity {
  const derived = new Map(
    keys.map(({ id, key }) => [
      id,
      Buffer.from(hkdfSync('sha256', key, '', 'rolebridge stored records v1', 32)),
    ]),
  );
  const macUnder = (key: Buffer, text: string | Buffer) =>
    createHmac('sha256', key).update(text).digest('base64url');
  const [first] = keys;
  const own = first && derived.get(first.id);
  if (first === undefined || own === undefined) throw new TypeError('Integrity needs a key.');
  return {
    keyId: first.id,
    start: () => createHmac('sha256', own),
    sign: (text) => macUnder(own, text),
    fault(keyId, mac, text) {
      const key = derived.get(keyId);
      if (key === undefined) return `it is signed with the service key "${keyId}", which is not configured`;
      const [expected, found] = [Buffer.from(macUnder(key, text)), Buffer.from(mac)];
      return expected.length === found.length && timingSafeEqual(expected, found)
        ? undefined
        : 'its signature does not match: it was damaged or edited, or signed with another service key of that name';
    },
  };
}
