import { createHmac, timingSafeEqual } from 'node:crypto';

/** A random key of one store. */
export interface IntegrityKey {
  readonly id: string;
  readonly key: Uint8Array;
  /** The time by which a later key had signed everything else again: this key proves what the audit log contained then. */
  readonly retiredAtMs?: number | undefined;
}

/**
 * Signs stored data, so that outside changes are detected. A signature names its key: `i1.…`. This class has no secret
 * key: accidental damage is detected, deliberate edits are not.
 */
export class Integrity {
  /** The last one signs, all of them verify. */
  protected keys: readonly IntegrityKey[] = [{ id: 'none', key: new Uint8Array(32) }];

  /** The id of the signing key. */
  get keyId(): string {
    return this.#signing.id;
  }

  /** Signs a text in pieces, with the key that is current at the start. */
  start(): { update: (piece: Buffer) => void; signature: () => string } {
    const { id, key } = this.#signing;
    const hmac = createHmac('sha256', key);
    return {
      update: (piece) => void hmac.update(piece),
      signature: () => `${id}.${hmac.digest('base64url')}`,
    };
  }

  sign(text: string | Buffer): string {
    return signatureUnder(this.#signing, text);
  }

  /**
   * Undefined when valid; otherwise the fault, for an operator.
   * @param provenAtMs when the text was there, if a newer signature says so: a retired key counts only then
   */
  fault(signature: string, text: string | Buffer, provenAtMs = Number.POSITIVE_INFINITY): string | undefined {
    const keyId = keyIdOf(signature);
    const found = this.keys.find(({ id }) => id === keyId);
    if (found === undefined) return `it is signed with the key "${keyId}", which this store does not have`;
    if (found.retiredAtMs !== undefined && provenAtMs > found.retiredAtMs)
      return `it is signed with the key "${keyId}", which was retired: an older version was put back, or edited`;
    const [expected, given] = [Buffer.from(signatureUnder(found, text)), Buffer.from(signature)];
    return expected.length === given.length && timingSafeEqual(expected, given)
      ? undefined
      : 'its signature does not match: it was damaged or edited';
  }

  /** Reads the keys again when one of these is not known: another process renewed them. */
  async learn(keyIds: readonly string[]): Promise<void> {
    if (!keyIds.every((keyId) => this.keys.some(({ id }) => id === keyId))) await this.refresh();
  }

  async refresh(): Promise<void> {}

  get #signing(): IntegrityKey {
    const last = this.keys.at(-1);
    if (last === undefined) throw new TypeError('Integrity needs a key.');
    return last;
  }
}

export const keyIdOf = (signature: string): string => signature.slice(0, signature.lastIndexOf('.'));

const signatureUnder = ({ id, key }: IntegrityKey, text: string | Buffer): string =>
  `${id}.${createHmac('sha256', key).update(text).digest('base64url')}`;
