import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import { RolebridgeError } from '../domain/errors.js';
import type { StoredFacts } from '../secrets/key-check.js';
import { createKeyring, type ServiceKey, type ServiceKeys, serviceKeyIdOf } from '../secrets/keyring.js';
import { Integrity, type IntegrityKey } from './integrity.js';

const storedKey = z.object({
  key: z.base64(),
  createdAt: z.iso.datetime(),
  retiredAt: z.iso.datetime().optional(),
});
type StoredKey = z.infer<typeof storedKey>;

interface OpenedKey extends IntegrityKey {
  readonly stored: StoredKey;
  /** The id of the service key that it is encrypted with. */
  readonly serviceKeyId: string;
}

/**
 * The random keys that sign one store, encrypted with the service keys. A service key can be removed once they are
 * encrypted with another one: what was signed stays readable.
 */
export class IntegrityKeys extends Integrity {
  /** The newest last. */
  protected override keys: readonly OpenedKey[] = [];
  readonly #keyring: ReturnType<typeof createKeyring>;

  private constructor(
    private readonly facts: StoredFacts,
    private readonly serviceKeys: ServiceKeys,
  ) {
    super();
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
    if (opened.keys.length > 0) return opened;
    if (!(await isEmpty()))
      throw unusable(
        'is missing',
        'Restore integrity-keys from a backup of this store: without it nothing can be checked.',
      );
    if (!readOnly) opened.#use(await facts.add(opened.#newKey()));
    return opened;
  }

  /** Another process may have renewed them. */
  override async refresh(): Promise<void> {
    this.#use(await this.facts.read());
  }

  /** The ids of former keys that are not retired. */
  get former(): readonly string[] {
    return this.keys.slice(0, -1).flatMap(({ id, retiredAtMs }) => (retiredAtMs === undefined ? [id] : []));
  }

  get newestAgeMs(): number {
    return Date.now() - Date.parse(this.keys.at(-1)?.stored.createdAt ?? '');
  }

  /**
   * Encrypts all of them with the first service key. When the newest was encrypted with another one, a new key signs
   * from now on: the holder of a leaked service key may have read it.
   */
  async renew(): Promise<void> {
    await this.refresh();
    const [{ id: first }] = this.serviceKeys;
    if (this.keys.at(-1)?.serviceKeyId !== first) this.#use(await this.facts.add(this.#newKey()));
    await this.#replace(this.keys.filter(({ serviceKeyId }) => serviceKeyId !== first));
  }

  /** From now on the former keys prove what the audit log contained by then, and nothing else. */
  async retire(atMs = Date.now()): Promise<void> {
    const { former } = this;
    const retiredAt = new Date(atMs).toISOString();
    const keys = this.keys.filter(({ id }) => former.includes(id));
    await this.#replace(keys.map(({ id, stored }) => ({ id, stored: { ...stored, retiredAt } })));
  }

  async #replace(keys: readonly Pick<OpenedKey, 'id' | 'stored'>[]): Promise<void> {
    if (keys.length === 0) return;
    await this.facts.set(Object.fromEntries(keys.map(({ id, stored }) => [id, this.#encrypted(id, stored)])));
    await this.refresh();
  }

  #encrypted(id: string, key: StoredKey): string {
    return this.#keyring.encrypt(Buffer.from(JSON.stringify(key)), contextOf(id));
  }

  #newKey(): Record<string, string> {
    const id = `i${this.keys.length + 1}`;
    const key = randomBytes(32).toString('base64');
    return { [id]: this.#encrypted(id, { key, createdAt: new Date().toISOString() }) };
  }

  #use(found: Readonly<Record<string, string>>): void {
    const inOrder = Object.entries(found).sort(([one], [other]) => numberOf(one) - numberOf(other));
    this.keys = inOrder.map(([id, text]) => this.#open(id, text));
  }

  #open(id: string, text: string): OpenedKey {
    const serviceKeyId = serviceKeyIdOf(text) ?? '';
    if (!this.serviceKeys.some((key) => key.id === serviceKeyId))
      throw unusable(
        `is encrypted with the service key "${serviceKeyId}", which is not configured`,
        `Add the key "${serviceKeyId}" to ROLEBRIDGE_SERVICE_KEYS again, behind the first one. To remove it, run "rolebridge reencrypt" first.`,
      );
    let stored: StoredKey;
    try {
      stored = storedKey.parse(JSON.parse(this.#keyring.open(text, contextOf(id)).toString()));
    } catch {
      throw unusable(
        `can't be opened: it was damaged or edited, or is encrypted with another service key of the name "${serviceKeyId}"`,
        'Set the former service key, or restore integrity-keys from a backup of this store.',
      );
    }
    const retiredAtMs = stored.retiredAt === undefined ? undefined : Date.parse(stored.retiredAt);
    return { id, key: Buffer.from(stored.key, 'base64'), serviceKeyId, stored, retiredAtMs };
  }
}

const contextOf = (id: string): string => `integrity key ${id}`;

/** Ids count up: `i1`, `i2`. */
const numberOf = (id: string): number => Number(id.slice(1));

const unusable = (fault: string, remedy: string): RolebridgeError =>
  new RolebridgeError('store_unavailable', `The integrity key of the store ${fault}.`, {
    remedy: `Nothing was changed. ${remedy}`,
  });
