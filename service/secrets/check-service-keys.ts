import { ConfigurationError } from '../configuration-error.js';
import { encryptedCallbackSecretsOf } from '../domain/connection.js';
import { enrollmentIn } from '../domain/enrollment-token.js';
import type { OrganizationId } from '../domain/ids.js';
import { operatorOrganizationId } from '../domain/organization.js';
import type { Store } from '../domain/ports.js';
import { createEncryption } from './encryption.js';
import { changedKey, type KeyChecks, keyCheckOf, type StoredFacts } from './key-check.js';
import type { ServiceKeys } from './keyring.js';

/** The error for a key that differs from the one that was used under its id; undefined when all match. */
export function changedKeySentence(keys: ServiceKeys, stored: KeyChecks): string | undefined {
  const key = changedKey(keys, stored);
  return (
    key &&
    `ROLEBRIDGE_SERVICE_KEYS: the key "${key.id}" is not the key "${key.id}" that encrypted the stored data. Set the former key; to rotate it, put the new one first under another id (NEW_ID:NEW_KEY,${key.id}:FORMER_KEY).`
  );
}

const missingKeys = (keys: ServiceKeys, stored: KeyChecks): string[] =>
  Object.keys(stored).filter((id) => !keys.some((key) => key.id === id));

/** Before the store is opened. @throws ConfigurationError */
export async function refuseChangedKeys(keys: ServiceKeys, checks: StoredFacts): Promise<void> {
  // A disk or database that can't be read is what opening the store reports.
  const stored = await checks.read().catch(() => ({}));
  const sentence = changedKeySentence(keys, stored);
  if (sentence !== undefined) throw new ConfigurationError(sentence);
}

/**
 * Remembers the key that encrypts, and forgets those that are gone and encrypt nothing any more.
 * @throws ConfigurationError when something is encrypted with a key that is not configured, or a process that started at once remembered another key of that id
 */
export async function rememberServiceKey(
  keys: ServiceKeys,
  checks: StoredFacts,
  store: Pick<Store, 'everyConnection' | 'organizations' | 'tokensOf' | 'webhookEndpoints'>,
): Promise<void> {
  const stored = await checks.read();
  const [first] = keys;
  const missing = missingKeys(keys, stored);
  if (missing.length > 0) {
    const counts = await serviceKeysInUse(keys, store);
    const used = missing.filter((id) => counts.has(id));
    if (used.length > 0)
      throw new ConfigurationError(
        `ROLEBRIDGE_SERVICE_KEYS: ${used.map((id) => `${counts.get(id)} stored secrets are encrypted with the key "${id}"`).join(', ')}, which is not configured. Add it again, behind the first key.`,
      );
    await checks.set(Object.fromEntries(missing.map((id) => [id, undefined])));
  }
  // Also when it is there by now: a process that started at once may have been first.
  const known = Object.hasOwn(stored, first.id)
    ? stored
    : await checks.add({ [first.id]: keyCheckOf(first) });
  const sentence = changedKeySentence(keys, known);
  if (sentence !== undefined) throw new ConfigurationError(sentence);
}

/** How many stored secrets each service key has encrypted. */
export async function serviceKeysInUse(
  keys: ServiceKeys,
  store: Pick<Store, 'everyConnection' | 'organizations' | 'tokensOf' | 'webhookEndpoints'>,
): Promise<Map<string, number>> {
  const { keyIdOf } = createEncryption(keys);
  const counts = new Map<string, number>();
  const count = (encrypted: string) =>
    counts.set(keyIdOf(encrypted), (counts.get(keyIdOf(encrypted)) ?? 0) + 1);
  for await (const connection of store.everyConnection())
    for (const encrypted of encryptedCallbackSecretsOf(connection)) count(encrypted);
  const countEndpoints = async (id: OrganizationId) => {
    for (const { secret, previousSecret } of await store.webhookEndpoints(id))
      for (const encrypted of [secret, ...(previousSecret ? [previousSecret.encrypted] : [])])
        count(encrypted);
  };
  await countEndpoints(operatorOrganizationId);
  for (let after: OrganizationId | undefined; ; ) {
    const { organizations, hasMore } = await store.organizations({ limit: 100, after });
    for (const { id, personKey } of organizations) {
      if (personKey !== undefined) count(personKey);
      await countEndpoints(id);
      for (const token of await store.tokensOf(id, 'enrollment')) count(enrollmentIn(token).encryptedSecret);
    }
    after = organizations.at(-1)?.id;
    if (!hasMore) return counts;
  }
}
