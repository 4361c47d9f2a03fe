import { z } from 'zod';
import type { AuditRecord } from '../../domain/audit.js';
import type { AuditId, ConnectionId, OrganizationId } from '../../domain/ids.js';
import { recordText } from '../records/index.js';
import { type Session, statement } from './database.js';
import { anyRow, auditRow, pageOf } from './record-rows.js';

const insert = statement(
  'append_audit',
  anyRow,
  `INSERT INTO audit_records (organization_id, id, connection_id, record)
   SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[])`,
);
const insertMissing = statement(
  'append_missing_audit',
  anyRow,
  `${insert.text} ON CONFLICT (organization_id, id) DO NOTHING`,
);
const before = statement(
  'audit_records',
  auditRow,
  'SELECT record FROM audit_records WHERE organization_id = $1 AND id < $2 ORDER BY id DESC LIMIT $3',
);
const ofConnectionBefore = statement(
  'audit_records_of_connection',
  auditRow,
  `SELECT record FROM audit_records WHERE organization_id = $1 AND id < $2 AND connection_id = $4
   ORDER BY id DESC LIMIT $3`,
);

const nextOrganization = statement(
  'next_organization_with_audit',
  z.object({ organization_id: z.string() }),
  'SELECT organization_id FROM audit_records WHERE organization_id > $1 ORDER BY organization_id LIMIT 1',
);
/** Those that another process is deleting in this moment are skipped, not waited for. */
const deleteOld = statement(
  'delete_old_audit_records',
  anyRow,
  `WITH old AS (
     SELECT organization_id, id FROM audit_records WHERE organization_id = $1 AND id < $2
     ORDER BY id LIMIT $3 FOR UPDATE SKIP LOCKED)
   DELETE FROM audit_records USING old
   WHERE audit_records.organization_id = old.organization_id AND audit_records.id = old.id
   RETURNING audit_records.id`,
);
/** So that nobody waits long for it. */
const deletedAtOnce = 500;

/** Behind every id in the order of bytes. */
const afterAll = '~';

interface Waiting {
  readonly records: readonly AuditRecord[];
  readonly texts: readonly string[];
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** Records that come while others are being written go together: one statement and one commit for all who wait. */
export class AuditAppender {
  readonly #database: Session;
  #waiting: Waiting[] = [];
  #isWriting = false;

  constructor(database: Session) {
    this.#database = database;
  }

  append(records: readonly AuditRecord[]): Promise<void> {
    return new Promise((resolve, reject) => {
      const texts = records.map((record) => recordText('auditRecord', record));
      this.#waiting.push({ records, texts, resolve, reject });
      if (!this.#isWriting) void this.#write();
    });
  }

  async #write(): Promise<void> {
    this.#isWriting = true;
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.splice(0, 500);
      try {
        await this.#insert(batch);
        for (const { resolve } of batch) resolve();
      } catch (error) {
        if (batch.length === 1) batch[0]?.reject(error);
        else await Promise.all(batch.map((one) => this.#insert([one]).then(one.resolve, one.reject)));
      }
    }
    this.#isWriting = false;
  }

  async #insert(batch: readonly Waiting[]): Promise<void> {
    const records = batch.flatMap((waiting) => waiting.records);
    const texts = batch.flatMap((waiting) => waiting.texts);
    await this.#database.query(insert, columnsOf(records, texts));
  }
}

/** Those of a log that is copied; what an earlier copy has brought stays. */
export async function addMissingAuditRecords(
  session: Session,
  records: readonly AuditRecord[],
): Promise<void> {
  const texts = records.map((record) => recordText('auditRecord', record));
  await session.query(insertMissing, columnsOf(records, texts));
}

const columnsOf = (records: readonly AuditRecord[], texts: readonly string[]): unknown[] => [
  records.map(({ organizationId }) => organizationId),
  records.map(({ id }) => id),
  records.map(({ connectionId }) => connectionId ?? null),
  texts,
];

/** Of one organization after the other, in small statements that any number of processes may make at once. */
export async function deleteAuditRecordsBefore(database: Session, id: AuditId): Promise<number> {
  let deleted = 0;
  for (let organizationId = ''; ; ) {
    const [next] = await database.query(nextOrganization, [organizationId]);
    if (next === undefined) return deleted;
    organizationId = next.organization_id;
    for (let isMore = true; isMore; ) {
      const { length } = await database.query(deleteOld, [organizationId, id, deletedAtOnce]);
      deleted += length;
      isMore = length === deletedAtOnce;
    }
  }
}

export async function listAuditRecords(
  database: Session,
  organizationId: OrganizationId,
  page: { limit: number; before?: AuditId | undefined; connectionId?: ConnectionId | undefined },
): Promise<{ records: AuditRecord[]; hasMore: boolean }> {
  const values = [organizationId, page.before ?? afterAll, page.limit + 1];
  const found =
    page.connectionId === undefined
      ? await database.query(before, values)
      : await database.query(ofConnectionBefore, [...values, page.connectionId]);
  const { items, hasMore } = pageOf(found, page.limit);
  return { records: items, hasMore };
}
