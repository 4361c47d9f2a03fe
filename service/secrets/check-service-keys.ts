import { ConfigurationError } from '../configuration-error.js';
import { encryptedCallbackSecretsOf } from '../domain/connection.js';
import { enrollmentIn } from '../domain/enrollment.js';
import { everyOrganization } from '../domain/every-organization.js';
import type { Store } from '../domain/ports.js';
import { encryptedSecretsOf } from '../domain/webhook-endpoint.js';
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

/** Checks the keys before the store is opened. @throws ConfigurationError */
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
  // A process that started concurrently may have stored the check first.
  const known = Object.hasOwn(stored, first.id)
    ? stored
    : await checks.add({ [first.id]: keyCheckOf(first) });
  const sentence = changedKeySentence(keys, known);
  if (sentence !== undefined) throw new ConfigurationError(sentence);
}

/** The number of stored secrets that each service key encrypts. */
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
  for await (const { id, personKey } of everyOrganization(store)) {
    if (personKey !== undefined) count(personKey);
    for (const endpoint of await store.webhookEndpoints(id)) encryptedSecretsOf(endpoint).forEach(count);
    for (const token of await store.tokensOf(id, 'enrollment')) count(enrollmentIn(token).encryptedSecret);
  }
  return counts;
}
