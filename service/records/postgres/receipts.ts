import { z } from 'zod';
import { RolebridgeError } from '../../domain/errors.js';
import type { ConnectionId } from '../../domain/ids.js';
import type { IdempotencyRecord } from '../../domain/ports.js';
import { recordText } from '../records/index.js';
import { type Session, statement } from './database.js';
import { DatabaseError, sqlState } from './database-error.js';
import { anyRow, asTime, milliseconds } from './record-rows.js';

const receiptLifetimeMs = 24 * 60 * 60 * 1000;
const oldestDeletedAtOnce = 100;

const columns = 'connection_id, webhook_id, first_attempt_ms, claimed_until_ms, answer';

const answer = z.looseObject({ status: z.int(), body: z.unknown() });
const receiptRow = z
  .object({
    connection_id: z.string(),
    webhook_id: z.string(),
    first_attempt_ms: milliseconds,
    claimed_until_ms: milliseconds,
    answer: z.string().nullable(),
  })
  .transform(
    (row): IdempotencyRecord => ({
      connectionId: row.connection_id as ConnectionId,
      webhookId: row.webhook_id,
      firstAttemptAt: asTime(row.first_attempt_ms),
      leaseExpiresAt: asTime(row.claimed_until_ms),
      ...(row.answer !== null && { answer: answer.parse(JSON.parse(row.answer)) }),
    }),
  );

const put = statement(
  'put_receipt',
  anyRow,
  `INSERT INTO receipts (${columns}) VALUES ($1, $2, $3, $4, $5)
   ON CONFLICT (connection_id, webhook_id) DO UPDATE SET first_attempt_ms = excluded.first_attempt_ms,
     claimed_until_ms = excluded.claimed_until_ms, answer = excluded.answer`,
);
/** One statement decides who has the event: whoever comes second waits for the first and finds it taken. */
const claim = statement(
  'claim_receipt',
  z.object({ first_attempt_ms: milliseconds }),
  `INSERT INTO receipts (${columns}) VALUES ($1, $2, $3, $4, NULL)
   ON CONFLICT (connection_id, webhook_id) DO UPDATE SET
     first_attempt_ms = CASE WHEN receipts.first_attempt_ms <= $6
       THEN excluded.first_attempt_ms ELSE receipts.first_attempt_ms END,
     claimed_until_ms = excluded.claimed_until_ms,
     answer = NULL
   WHERE receipts.first_attempt_ms <= $6 OR (receipts.answer IS NULL AND receipts.claimed_until_ms <= $5)
   RETURNING first_attempt_ms`,
);
const one = statement(
  'receipt',
  receiptRow,
  `SELECT ${columns} FROM receipts WHERE connection_id = $1 AND webhook_id = $2`,
);
const release = statement(
  'release_receipt',
  anyRow,
  `UPDATE receipts SET claimed_until_ms = 0
   WHERE connection_id = $1 AND webhook_id = $2 AND answer IS NULL`,
);
const deleteOld = statement(
  'delete_old_receipts',
  anyRow,
  `WITH old AS (
     SELECT connection_id, webhook_id FROM receipts WHERE first_attempt_ms <= $1
     ORDER BY first_attempt_ms LIMIT $2 FOR UPDATE SKIP LOCKED)
   DELETE FROM receipts USING old
   WHERE receipts.connection_id = old.connection_id AND receipts.webhook_id = old.webhook_id`,
);

export async function putReceipt(database: Session, receipt: IdempotencyRecord): Promise<void> {
  recordText('receipt', receipt);
  await ofKnownConnection(
    database.query(put, [
      receipt.connectionId,
      receipt.webhookId,
      Date.parse(receipt.firstAttemptAt),
      Date.parse(receipt.leaseExpiresAt),
      receipt.answer === undefined ? null : JSON.stringify(receipt.answer),
    ]),
  );
}

export async function claimReceipt(
  database: Session,
  { connectionId, webhookId, firstAttemptAt, leaseExpiresAt }: IdempotencyRecord,
  now: string,
): Promise<{ claimed: true; firstAttemptAt: string } | { claimed: false; receipt: IdempotencyRecord }> {
  const nowMs = Date.parse(now);
  const oldestMs = nowMs - receiptLifetimeMs;
  for (;;) {
    const [claimed] = await ofKnownConnection(
      database.query(claim, [
        connectionId,
        webhookId,
        Date.parse(firstAttemptAt),
        Date.parse(leaseExpiresAt),
        nowMs,
        oldestMs,
      ]),
    );
    if (claimed) return { claimed: true, firstAttemptAt: asTime(claimed.first_attempt_ms) };
    const [receipt] = await database.query(one, [connectionId, webhookId]);
    // Gone since: too old.
    if (receipt) return { claimed: false, receipt };
  }
}

export async function releaseReceipt(
  database: Session,
  connectionId: ConnectionId,
  webhookId: string,
): Promise<void> {
  await database.query(release, [connectionId, webhookId]);
}

/** A few at a time, so that no request waits long for it. */
export async function deleteOldReceipts(database: Session, now: string): Promise<void> {
  await database.query(deleteOld, [Date.parse(now) - receiptLifetimeMs, oldestDeletedAtOnce]);
}

/** @throws RolebridgeError `connection_not_found` when a row names a connection that is not there */
export async function ofKnownConnection<Result>(written: Promise<Result>): Promise<Result> {
  return written.catch((error) => {
    if (error instanceof DatabaseError && error.code === sqlState.foreignKeyViolation)
      throw new RolebridgeError('connection_not_found', 'There is no such connection.');
    throw error;
  });
}
