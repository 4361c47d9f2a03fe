import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import { RolebridgeError } from '../domain/errors.js';
import type { StoredFacts } from '../secrets/key-check.js';
import { createKeyring, type ServiceKey, type ServiceKeys, serviceKeyIdOf } from '../secrets/keyring.js';
import { Integrity } from './integrity.js';

const storedKey = z.object({
  key: z.base64(),
  createdAt: z.iso.datetime(),
  retiredAt: z.iso.datetime().optional(),
});
type StoredKey = z.infer<typeof storedKey>;

/**
 * The random keys that sign one store, encrypted under the service keys. A service key can be taken out once they are
 * under another one: what was signed stays readable.
 */
export class IntegrityKeys {
  /** The newest last. */
  #keys: readonly { id: string; key: Buffer; under: string; stored: StoredKey; retiredAtMs?: number }[] = [];
  readonly #keyring: ReturnType<typeof createKeyring>;
  readonly integrity = new Integrity(
    () => this.#keys,
    () => this.refresh(),
  );

  private constructor(
    private readonly facts: StoredFacts,
    private readonly serviceKeys: ServiceKeys,
  ) {
    this.#keyring = createKeyring(serviceKeys, 'rolebridge integrity key v1');
  }

  /**
   * @param isEmpty whether the store has nothing yet: then the first key is created, unless it is only read
   * @returns undefined without service keys
   * @throws RolebridgeError `store_unavailable` when a key is missing or can't be opened
   */
  static async open(
    facts: StoredFacts,
    [first, ...others]: readonly ServiceKey[] = [],
    { isEmpty, readOnly = false }: { isEmpty: () => Promise<boolean> | boolean; readOnly?: boolean },
  ): Promise<IntegrityKeys | undefined> {
    if (first === undefined) return undefined;
    const opened = new IntegrityKeys(facts, [first, ...others]);
    await opened.refresh();
    if (opened.#keys.length > 0) return opened;
    if (!(await isEmpty()))
      throw unusable(
        'is missing',
        'Restore integrity-keys from a backup of this store: without it nothing can be checked.',
      );
    if (readOnly) return opened;
    opened.#use(await facts.add(opened.#newKey()));
    return opened;
  }

  /** Another process may have renewed them. */
  async refresh(): Promise<void> {
    this.#use(await this.facts.read());
  }

  /** Former keys that are not retired. */
  get former(): readonly string[] {
    return this.#keys.slice(0, -1).flatMap(({ id, retiredAtMs }) => (retiredAtMs === undefined ? [id] : []));
  }

  get newestAgeMs(): number {
    return Date.now() - Date.parse(this.#keys.at(-1)?.stored.createdAt ?? '');
  }

  /**
   * All of them under the first service key. When the newest was under another one, a new key signs from now on: the
   * holder of a leaked service key may have read it.
   */
  async renew(): Promise<void> {
    await this.refresh();
    const [{ id: first }] = this.serviceKeys;
    if (this.#keys.at(-1)?.under !== first) this.#use(await this.facts.add(this.#newKey()));
    await this.#encrypt(this.#keys.filter(({ under }) => under !== first));
  }

  /** From now on the former keys prove what the audit log had by then, and nothing else. */
  async retire(atMs = Date.now()): Promise<void> {
    const { former } = this;
    const retiredAt = new Date(atMs).toISOString();
    const keys = this.#keys.filter(({ id }) => former.includes(id));
    await this.#encrypt(keys.map((key) => ({ ...key, stored: { ...key.stored, retiredAt } })));
  }

  async #encrypt(keys: readonly { id: string; stored: StoredKey }[]): Promise<void> {
    if (keys.length === 0) return;
    await this.facts.set(Object.fromEntries(keys.map(({ id, stored }) => [id, this.#encrypted(id, stored)])));
    await this.refresh();
  }

  #encrypted(id: string, key: StoredKey): string {
    return this.#keyring.encrypt(Buffer.from(JSON.stringify(key)), contextOf(id));
  }

  #newKey(): Record<string, string> {
    const id = `i${this.#keys.length + 1}`;
    const key = randomBytes(32).toString('base64');
    return { [id]: this.#encrypted(id, { key, createdAt: new Date().toISOString() }) };
  }

  #use(found: Readonly<Record<string, string>>): void {
    const inOrder = Object.entries(found).sort(([one], [other]) => numberOf(one) - numberOf(other));
    this.#keys = inOrder.map(([id, text]) => this.#open(id, text));
  }

  #open(id: string, text: string) {
    const under = serviceKeyIdOf(text) ?? '';
    if (!this.serviceKeys.some((key) => key.id === under))
      throw unusable(
        `is encrypted with the service key "${under}", which is not configured`,
        `Add the key "${under}" to ROLEBRIDGE_SERVICE_KEYS again, behind the first one. To remove it, run "rolebridge reencrypt" first.`,
      );
    let stored: StoredKey;
    try {
      stored = storedKey.parse(JSON.parse(this.#keyring.open(text, contextOf(id)).toString()));
    } catch {
      throw unusable(
        `can't be opened: it was damaged or edited, or is encrypted with another service key of the name "${under}"`,
        'Set the former service key, or restore integrity-keys from a backup of this store.',
      );
    }
    const { key, retiredAt } = stored;
    return {
      id,
      key: Buffer.from(key, 'base64'),
      under,
      stored,
      ...(retiredAt !== undefined && { retiredAtMs: Date.parse(retiredAt) }),
    };
  }
}

const contextOf = (id: string): string => `integrity key ${id}`;

/** Ids count up: `i1`, `i2`. */
const numberOf = (id: string): number => Number(id.slice(1));

const unusable = (fault: string, remedy: string): RolebridgeError =>
  new RolebridgeError('store_unavailable', `The integrity key of the store ${fault}.`, {
    remedy: `Nothing was changed. ${remedy}`,
  });
