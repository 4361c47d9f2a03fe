import { z } from 'zod';
import type { Job, OutboxMessage } from '../../domain/ports.js';
import { recordText } from '../records/index.js';
import { type Session, type Statement, statement } from './database.js';
import { ofKnownConnection } from './receipts.js';
import { anyRow, asTime, messageRow, milliseconds, watchRow } from './record-rows.js';

type Due = { readonly dueAt: string; readonly attempts: number };

/** Watches or messages: one kind of record that whichever process comes first claims when it is due. */
export class JobQueueRows<Item extends Due> {
  readonly #kind: 'watch' | 'message';
  readonly #keyOf: (item: Item) => readonly [string, string];
  readonly #putValues: (item: Item) => readonly unknown[];
  readonly #statements: Statements<Item>;

  constructor(
    kind: 'watch' | 'message',
    keyOf: (item: Item) => readonly [string, string],
    putValues: (item: Item) => readonly unknown[],
    statements: Statements<Item>,
  ) {
    this.#kind = kind;
    this.#keyOf = keyOf;
    this.#putValues = putValues;
    this.#statements = statements;
  }

  /** In the place of the one with the same key, claimed or not. */
  async put(database: Session, item: Item): Promise<void> {
    const values = [Date.parse(item.dueAt), recordText(this.#kind, item), ...this.#putValues(item)];
    await ofKnownConnection(database.query(this.#statements.put, values));
  }

  async remove(database: Session, key: readonly [string, string]): Promise<void> {
    await database.query(this.#statements.remove, key);
  }

  async claim(
    database: Session,
    { now, leaseUntil, limit }: { now: string; leaseUntil: string; limit: number },
  ): Promise<Item[]> {
    const values = [Date.parse(now), Date.parse(leaseUntil), limit];
    const claimed = await database.query(this.#statements.claim, values);
    return claimed.sort((one, other) => Date.parse(one.dueAt) - Date.parse(other.dueAt));
  }

  /** One that is no longer as it was claimed is another's. */
  async finish(
    database: Session,
    claimed: Item,
    next: { dueAt: string; attempts: number } | undefined,
  ): Promise<void> {
    const asClaimed = [...this.#keyOf(claimed), recordText(this.#kind, claimed)];
    if (next === undefined) {
      await database.query(this.#statements.removeClaimed, asClaimed);
      return;
    }
    const text = recordText(this.#kind, { ...claimed, ...next });
    await database.query(this.#statements.replaceClaimed, [...asClaimed, Date.parse(next.dueAt), text]);
  }

  async nextAt(database: Session): Promise<string | undefined> {
    const [row] = await database.query(this.#statements.next, []);
    return row && asTime(row.free_ms);
  }
}

interface Statements<Item> {
  readonly put: Statement<object>;
  readonly remove: Statement<object>;
  readonly claim: Statement<Item>;
  readonly replaceClaimed: Statement<object>;
  readonly removeClaimed: Statement<object>;
  readonly next: Statement<{ free_ms: number }>;
}

/** `$1` and `$2` are the key; names come from this file alone. */
function statementsOn<Item>(
  table: string,
  [first, second]: readonly [string, string],
  row: z.ZodType<Item>,
  put: string,
): Statements<Item> {
  const isThat = `${first} = $1 AND ${second} = $2`;
  return {
    put: statement(`put_${table}`, anyRow, put),
    remove: statement(`remove_${table}`, anyRow, `DELETE FROM ${table} WHERE ${isThat}`),
    // Those that another process is claiming in this moment are skipped, not waited for.
    claim: statement(
      `claim_${table}`,
      row,
      `WITH due AS (
         SELECT ${first}, ${second} FROM ${table} WHERE free_ms <= $1
         ORDER BY free_ms LIMIT $3 FOR UPDATE SKIP LOCKED)
       UPDATE ${table} SET free_ms = $2 FROM due
       WHERE ${table}.${first} = due.${first} AND ${table}.${second} = due.${second} AND free_ms <= $1
       RETURNING record`,
    ),
    replaceClaimed: statement(
      `replace_${table}`,
      anyRow,
      `UPDATE ${table} SET free_ms = $4, record = $5 WHERE ${isThat} AND record = $3`,
    ),
    removeClaimed: statement(
      `remove_claimed_${table}`,
      anyRow,
      `DELETE FROM ${table} WHERE ${isThat} AND record = $3`,
    ),
    next: statement(
      `next_of_${table}`,
      z.object({ free_ms: milliseconds }),
      `SELECT free_ms FROM ${table} ORDER BY free_ms LIMIT 1`,
    ),
  };
}

export const watchWork = new JobQueueRows<Job>(
  'watch',
  ({ connectionId, purpose }) => [connectionId, purpose],
  ({ connectionId, purpose }) => [connectionId, purpose],
  statementsOn(
    'watches',
    ['connection_id', 'purpose'],
    watchRow,
    `INSERT INTO watches (free_ms, record, connection_id, purpose) VALUES ($1, $2, $3, $4)
     ON CONFLICT (connection_id, purpose) DO UPDATE SET free_ms = excluded.free_ms, record = excluded.record`,
  ),
);

export const messageWork = new JobQueueRows<OutboxMessage>(
  'message',
  ({ id, endpoint }) => [id, endpoint],
  ({ id, endpoint, connectionId }) => [id, endpoint, connectionId],
  statementsOn(
    'messages',
    ['id', 'endpoint'],
    messageRow,
    `INSERT INTO messages (free_ms, record, id, endpoint, connection_id) VALUES ($1, $2, $3, $4, $5)
     ON CONFLICT (id, endpoint) DO UPDATE SET free_ms = excluded.free_ms, record = excluded.record`,
  ),
);
