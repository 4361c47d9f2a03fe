import type { Job, OutboxMessage } from '../../domain/ports.js';
import { ownCopy } from '../records/index.js';
import { messageId, watchId } from './records.js';
import type { StagedWrites } from './staged-writes.js';

export async function completeJob(
  writes: StagedWrites,
  claimed: Job,
  next: { dueAt: string; attempts: number } | undefined,
): Promise<void> {
  const id = watchId(claimed);
  const stored = writes.staged.organizations.get(claimed.organizationId)?.watches.get(id);
  if (stored === undefined || !isSameTurn(stored, claimed)) return;
  await writes.stage(stored.organizationId, [
    { kind: 'watch', id, next: next && ownCopy('watch', { ...stored, ...next }) },
  ]);
}

export async function completeMessage(
  writes: StagedWrites,
  claimed: OutboxMessage,
  next: { dueAt: string; attempts: number } | undefined,
): Promise<void> {
  const id = messageId(claimed);
  const stored = writes.staged.organizations.get(claimed.organizationId)?.messages.get(id);
  if (stored === undefined || !isSameTurn(stored, claimed)) return;
  await writes.stage(stored.organizationId, [
    { kind: 'message', id, next: next && ownCopy('message', { ...stored, ...next }) },
  ]);
}

type Claimed = Pick<Job, 'dueAt' | 'attempts' | 'role'>;

/** False for one that was replaced since it was claimed. */
const isSameTurn = (stored: Claimed, claimed: Claimed): boolean =>
  stored.dueAt === claimed.dueAt &&
  stored.attempts === claimed.attempts &&
  stored.role?.arn === claimed.role?.arn &&
  stored.role?.externalId === claimed.role?.externalId;
