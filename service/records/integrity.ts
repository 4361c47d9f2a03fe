import { createHmac, type Hmac, timingSafeEqual } from 'node:crypto';

/** A random key of one store. */
export interface IntegrityKey {
  readonly id: string;
  readonly key: Uint8Array;
  /** A later key signed everything again but the audit log: this one proves what the log had by then. */
  readonly retiredAtMs?: number | undefined;
}

/** Signs stored data, so that outside changes are detected. */
export interface Integrity {
  /** Of the key that signs. */
  readonly keyId: string;
  readonly start: () => Hmac;
  readonly sign: (text: string | Buffer) => string;
  /**
   * Undefined when valid; otherwise the fault, for an operator.
   * @param provenAtMs when the text was there, if a newer signature says so: a retired key counts only then
   */
  readonly fault: (
    keyId: string,
    mac: string,
    text: string | Buffer,
    provenAtMs?: number,
  ) => string | undefined;
  /** Reads the keys again when one of these is not known: another process renewed them. */
  readonly learn: (keyIds: readonly string[]) => Promise<void>;
}

/** Without keys, damage is found, and a change by a person who knows this program is not. */
const noKeys: readonly IntegrityKey[] = [{ id: 'none', key: new Uint8Array(32) }];

/** @param keys asked each time, since they can be renewed: the last one signs, all of them verify */
export function createIntegrity(
  keys: () => readonly IntegrityKey[] = () => noKeys,
  refresh: () => Promise<void> = async () => {},
): Integrity {
  const macUnder = (key: Uint8Array, text: string | Buffer) =>
    createHmac('sha256', key).update(text).digest('base64url');
  const signing = () => {
    const last = keys().at(-1);
    if (last === undefined) throw new TypeError('Integrity needs a key.');
    return last;
  };
  return {
    get keyId() {
      return signing().id;
    },
    start: () => createHmac('sha256', signing().key),
    sign: (text) => macUnder(signing().key, text),
    fault(keyId, mac, text, provenAtMs = Number.POSITIVE_INFINITY) {
      const found = keys().find(({ id }) => id === keyId);
      if (found === undefined) return `it is signed with the key "${keyId}", which this store does not have`;
      if (found.retiredAtMs !== undefined && provenAtMs > found.retiredAtMs)
        return `it is signed with the key "${keyId}", which was retired: an older version was put back, or edited`;
      const [expected, given] = [Buffer.from(macUnder(found.key, text)), Buffer.from(mac)];
      return expected.length === given.length && timingSafeEqual(expected, given)
        ? undefined
        : 'its signature does not match: it was damaged or edited';
    },
    async learn(keyIds) {
      if (!keyIds.every((keyId) => keys().some(({ id }) => id === keyId))) await refresh();
    },
  };
}
