import { z } from 'zod';
import type { AuditRecord } from '../../domain/audit.js';
import { type AuditId, type OrganizationId, organizationId, timeOfAuditId } from '../../domain/ids.js';
import type { AuditPage } from '../../domain/ports.js';
import { auditRecord } from '../audit-records.js';
import type { Log } from '../backend.js';
import { Batches } from '../batches.js';
import { despiteDamage } from '../despite-damage.js';
import type { Integrity } from '../integrity.js';
import { afterAll, PostgresCheckpoints } from './audit-checkpoints.js';
import { anyRow, type Session, type Sessions } from './sessions.js';
import { signed, storedRow, verifiedRows } from './signed-value.js';

/** A small batch, so that other statements don't wait long. */
const deletedAtOnce = 500;

/** The audit log in a table. Records that arrive during a write share the next one. */
export class PostgresLog implements Log {
  readonly checkpoints: PostgresCheckpoints;
  readonly #batches: Batches<readonly AuditRecord[]>;

  constructor(
    private readonly sessions: Sessions,
    private readonly integrity: Integrity,
    /** Runs before checkpoints are signed. */
    beforeSigning: () => Promise<void>,
  ) {
    this.checkpoints = new PostgresCheckpoints(sessions, integrity, beforeSigning);
    this.#batches = new Batches(
      (batch) => sessions.transaction((session) => this.insert(session, batch.flat())),
      { itemsAtOnce: 500 },
    );
  }

  async append(records: readonly AuditRecord[]): Promise<void> {
    // An invalid record would fail those that share its statement.
    for (const record of records) auditRecord.parse(record);
    await this.#batches.add(records);
  }

  /** Existing records stay, since a repeated copy sends them again. */
  async insert(session: Session, records: readonly AuditRecord[]): Promise<void> {
    const own = records.map((record) => {
      const { organizationId, id, connectionId = null } = record;
      const { value, mac } = signed(`audit_records ${organizationId} ${id}`, record, this.integrity);
      return [organizationId, id, connectionId, value, mac];
    });
    await session.query(
      anyRow,
      `INSERT INTO audit_records (organization_id, id, connection_id, value, mac)
       SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::jsonb[], $5::text[])
       ON CONFLICT (organization_id, id) DO NOTHING`,
      [0, 1, 2, 3, 4].map((column) => own.map((each) => each[column])),
    );
  }

  async read(
    organizationId: string | undefined,
    { limit, before, connectionId }: AuditPage,
  ): Promise<{ records: AuditRecord[]; hasMore: boolean }> {
    const values: unknown[] = [before ?? afterAll, limit + 1];
    const only = (column: string, value: string | undefined) =>
      value === undefined ? '' : `AND ${column} = $${values.push(value)}`;
    const found = await this.sessions.query(
      storedRow,
      `SELECT organization_id || ' ' || id AS key, value, mac FROM audit_records WHERE id < $1
       ${only('organization_id', organizationId)} ${only('connection_id', connectionId)} ORDER BY id DESC LIMIT $2`,
      values,
    );
    const page = found.slice(0, limit);
    const provenAt = (key: string) => timeOfAuditId(key.slice(key.indexOf(' ') + 1));
    const records = await verifiedRows('audit_records', page, this.integrity, provenAt);
    return { records: records.map((record) => auditRecord.parse(record)), hasMore: found.length > limit };
  }

  /** A skip scan of the index: the table has millions of rows. https://wiki.postgresql.org/wiki/Loose_indexscan */
  async organizations(): Promise<OrganizationId[]> {
    const found = await this.sessions.query(
      z.object({ organization_id: organizationId }),
      `WITH RECURSIVE owner AS (
         (SELECT organization_id FROM audit_records ORDER BY organization_id LIMIT 1)
         UNION ALL
         SELECT (SELECT organization_id FROM audit_records WHERE organization_id > owner.organization_id
                 ORDER BY organization_id LIMIT 1) FROM owner WHERE owner.organization_id IS NOT NULL)
       SELECT organization_id FROM owner WHERE organization_id IS NOT NULL`,
    );
    return found.map((each) => each.organization_id);
  }

  /** Deletes in small statements, which any number of processes may run at once. */
  async trim(before: AuditId): Promise<number> {
    let deleted = 0;
    const trimOne = async (id: string) => {
      const end = await this.checkpoints.trim(id, before);
      for (let isMore = true; isMore; ) {
        const { length } = await this.#deleteSome(id, before, end);
        deleted += length;
        isMore = length === deletedAtOnce;
      }
    };
    const ids = await this.organizations();
    await despiteDamage([
      async () => void (await this.checkpoints.sign(before)),
      ...ids.map((id) => () => trimOne(id)),
    ]);
    return deleted;
  }

  /** Skips records that another process is deleting. */
  #deleteSome(organizationId: string, before: AuditId, end: string) {
    return this.sessions.query(
      anyRow,
      `DELETE FROM audit_records WHERE organization_id = $1 AND id = ANY(ARRAY(
         SELECT id FROM audit_records WHERE organization_id = $1 AND id < $2 AND id <= $4
         ORDER BY id LIMIT $3 FOR UPDATE SKIP LOCKED)) RETURNING id`,
      [organizationId, before, deletedAtOnce, end],
    );
  }
}
