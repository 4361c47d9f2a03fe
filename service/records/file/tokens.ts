import { isDeepStrictEqual } from 'node:util';
import type { OrganizationId } from '../../domain/ids.js';
import type { Token } from '../../domain/ports.js';
import { ownCopy } from '../records/index.js';
import { assertOrganization } from './commit.js';
import { alreadyThere } from './conflicts.js';
import { type RecordChange, tokenId } from './records.js';
import type { StagedWrites } from './staged-writes.js';

export async function saveToken(writes: StagedWrites, token: Token): Promise<void> {
  assertOrganization(writes, token.organizationId);
  const id = tokenId(token.kind, token.hash);
  const stored = writes.staged.tokens.get(id);
  if (stored !== undefined && stored.organizationId !== token.organizationId) throw alreadyThere('token');
  await writes.stage(token.organizationId, [{ kind: 'token', id, next: ownCopy('token', token) }]);
}

export async function takeToken(
  writes: StagedWrites,
  kind: Token['kind'],
  hash: string,
): Promise<Token | undefined> {
  const id = tokenId(kind, hash);
  const stored = writes.staged.tokens.get(id);
  if (stored === undefined) return undefined;
  await writes.stage(stored.organizationId, [{ kind: 'token', id, next: undefined }]);
  return stored;
}

export async function replaceToken(writes: StagedWrites, before: Token, next: Token): Promise<boolean> {
  const id = tokenId(before.kind, before.hash);
  if (!isDeepStrictEqual(writes.staged.tokens.get(id), ownCopy('token', before))) return false;
  await writes.stage(before.organizationId, [{ kind: 'token', id, next: ownCopy('token', next) }]);
  return true;
}

export async function deleteExpiredTokens(writes: StagedWrites, now: string): Promise<void> {
  const expired = new Map<OrganizationId, RecordChange[]>();
  for (const [id, { expiresAt, organizationId }] of writes.staged.tokens) {
    if (Date.parse(expiresAt) > Date.parse(now)) continue;
    const changes = expired.get(organizationId) ?? [];
    changes.push({ kind: 'token', id, next: undefined });
    expired.set(organizationId, changes);
  }
  await Promise.all([...expired].map(([organizationId, changes]) => writes.stage(organizationId, changes)));
}
