import type { ApiKey } from '../domain/api-key.js';
import { RolebridgeError } from '../domain/errors.js';
import type { Transaction } from './backend.js';

/** The parent's row names its children: a key that is being revoked gets no other child. @throws RolebridgeError */
export async function addToParent(transaction: Transaction, child: ApiKey): Promise<void> {
  if (child.parentId === undefined) return;
  const parent = await transaction.get('apiKeys', child.parentId);
  if (parent?.organizationId !== child.organizationId || parent.revokedAt !== undefined)
    throw new RolebridgeError('unauthorized', 'The API key was revoked in the meantime.', {
      remedy: 'Use another API key.',
    });
  await transaction.put('apiKeys', { ...parent, childIds: [...(parent.childIds ?? []), child.id] });
}

/** Revokes a key and all that were made with it, in one transaction. */
export async function revokeWithChildren(
  transaction: Transaction,
  key: ApiKey,
  revokedAt: string,
): Promise<ApiKey> {
  const revoked = { ...key, revokedAt };
  if (key.revokedAt === undefined) await transaction.put('apiKeys', revoked);
  for (const id of key.childIds ?? []) {
    const child = await transaction.get('apiKeys', id);
    if (child && child.revokedAt === undefined) await revokeWithChildren(transaction, child, revokedAt);
  }
  return key.revokedAt === undefined ? revoked : key;
}

/** Takes keys out for good. Their parents no longer name them. */
export async function forgetKeys(transaction: Transaction, keys: readonly ApiKey[]): Promise<void> {
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
