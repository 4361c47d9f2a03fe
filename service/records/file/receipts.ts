import type { ConnectionId } from '../../domain/ids.js';
import type { IdempotencyRecord } from '../../domain/ports.js';
import { ownCopy } from '../records/index.js';
import { organizationOf } from './commit.js';
import { type RecordChange, receiptId } from './records.js';
import type { StagedWrites } from './staged-writes.js';

const receiptLifetimeMs = 24 * 60 * 60 * 1000;

export async function claimReceipt(
  writes: StagedWrites,
  claim: IdempotencyRecord,
  now: string,
): Promise<{ claimed: true; firstAttemptAt: string } | { claimed: false; receipt: IdempotencyRecord }> {
  const id = receiptId(claim.connectionId, claim.webhookId);
  const organizationId = organizationOf(writes, claim.connectionId);
  const { staged, durable } = writes;
  // Nobody is told of a receipt that might still be rolled back.
  while (staged.of(organizationId).receipts.get(id) !== durable.of(organizationId).receipts.get(id))
    await writes.settled(organizationId);
  const oldest = Date.parse(now) - receiptLifetimeMs;
  const { receipts } = staged.of(organizationId);
  let known = receipts.get(id);
  if (known !== undefined && Date.parse(known.firstAttemptAt) <= oldest) known = undefined;
  if (known?.answer !== undefined || (known && Date.parse(known.leaseExpiresAt) > Date.parse(now)))
    return { claimed: false, receipt: known };
  const firstAttemptAt = known?.firstAttemptAt ?? claim.firstAttemptAt;
  const changes: RecordChange[] = [];
  // Receipts stand in the order of their first attempt, so only those that go are looked at.
  for (const [oldId, receipt] of receipts) {
    if (Date.parse(receipt.firstAttemptAt) > oldest) break;
    changes.push({ kind: 'receipt', id: oldId, next: undefined });
  }
  changes.push({ kind: 'receipt', id, next: ownCopy('receipt', { ...claim, firstAttemptAt }) });
  await writes.stage(organizationId, changes);
  return { claimed: true, firstAttemptAt };
}

export async function releaseReceipt(
  writes: StagedWrites,
  connectionId: ConnectionId,
  webhookId: string,
): Promise<void> {
  const organizationId = writes.staged.connections.get(connectionId)?.organizationId;
  if (organizationId === undefined) return;
  const id = receiptId(connectionId, webhookId);
  const known = writes.staged.of(organizationId).receipts.get(id);
  if (known === undefined || known.answer !== undefined) return;
  const next = ownCopy('receipt', { ...known, leaseExpiresAt: new Date(0).toISOString() });
  await writes.stage(organizationId, [{ kind: 'receipt', id, next }]);
}
