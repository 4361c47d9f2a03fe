import { type ApiKey, isValid } from '../domain/api-key.js';
import { RolebridgeError } from '../domain/errors.js';
import type { Store } from '../domain/ports.js';
import { type Backend, type Transaction, UniqueConflict } from './backend.js';
import { assertOrganization, changeRow } from './change-row.js';
import { allOf, one } from './pages.js';
import { requireRoom } from './quotas.js';
import { validatedCopy } from './tables.js';

export const apiKeysIn = (backend: Backend) =>
  ({
    async createApiKey(key, quotas) {
      const own = validatedCopy('apiKeys', key);
      await backend.transact(own.organizationId, async (transaction) => {
        await assertOrganization(transaction, own.organizationId);
        if (await transaction.get('apiKeys', own.id)) throw new UniqueConflict('key');
        await requireRoom(transaction, quotas);
        await addToParent(transaction, own);
        await transaction.put('apiKeys', own);
      });
    },

    apiKey: (id) => one(backend, 'apiKeys', id),

    apiKeys: (organizationId) => allOf(backend, 'apiKeys', { organizationId, order: 'created' }),

    revokeApiKey: (organizationId, id, revokedAt) =>
      backend.transact(organizationId, async (transaction) => {
        const stored = await transaction.get('apiKeys', id);
        if (stored?.organizationId !== organizationId) return undefined;
        return revokeWithChildren(transaction, stored, revokedAt);
      }),

    async deleteEndedApiKeys(organizationId, now) {
      const all = await allOf(backend, 'apiKeys', { organizationId, order: 'created' });
      const ended = all.filter((key) => !isValid(key, Date.parse(now)));
      await backend.transact(organizationId, (transaction) => deleteKeys(transaction, ended));
    },

    async markApiKeyUsed({ organizationId, id: key }, lastUsedAt) {
      const used = (stored: ApiKey) => ({ ...stored, lastUsedAt });
      await changeRow(backend, 'apiKeys', { organizationId, key }, used, { lasting: false });
    },
  }) satisfies Partial<Store>;

/** The parent's row names its children, so that a key that is being revoked gets no new child. @throws RolebridgeError `unauthorized` */
async function addToParent(transaction: Transaction, child: ApiKey): Promise<void> {
  if (child.parentId === undefined) return;
  const parent = await transaction.get('apiKeys', child.parentId);
  if (parent?.organizationId !== child.organizationId || parent.revokedAt !== undefined)
    throw new RolebridgeError('unauthorized', 'The API key was revoked in the meantime.', {
      remedy: 'Use another API key.',
    });
  await transaction.put('apiKeys', { ...parent, childIds: [...(parent.childIds ?? []), child.id] });
}

/** Revokes a key and the keys that were created with it. */
async function revokeWithChildren(transaction: Transaction, key: ApiKey, revokedAt: string): Promise<ApiKey> {
  const revoked = { ...key, revokedAt };
  if (key.revokedAt === undefined) await transaction.put('apiKeys', revoked);
  for (const id of key.childIds ?? []) {
    const child = await transaction.get('apiKeys', id);
    if (child && child.revokedAt === undefined) await revokeWithChildren(transaction, child, revokedAt);
  }
  return key.revokedAt === undefined ? revoked : key;
}

/** Deletes keys and their parents' references to them. */
async function deleteKeys(transaction: Transaction, keys: readonly ApiKey[]): Promise<void> {
  const gone = new Set<string>(keys.map(({ id }) => id));
  for (const id of gone) await transaction.delete('apiKeys', id);
  for (const parentId of new Set(keys.map((key) => key.parentId))) {
    const parent = parentId && (await transaction.get('apiKeys', parentId));
    if (parent)
      await transaction.put('apiKeys', {
        ...parent,
        childIds: parent.childIds?.filter((id) => !gone.has(id)),
      });
  }
}
