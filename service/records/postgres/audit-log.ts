import { z } from 'zod';
import type { AuditRecord } from '../../domain/audit.js';
import { type AuditId, type OrganizationId, organizationId, timeOfAuditId } from '../../domain/ids.js';
import { auditRecord } from '../audit-records.js';
import type { Log } from '../backend.js';
import { Batches } from '../batches.js';
import { despiteDamage } from '../despite-damage.js';
import type { Integrity } from '../integrity.js';
import { afterAll, PostgresCheckpoints } from './audit-checkpoints.js';
import type { Session, Sessions } from './sessions.js';
import { signed, storedRow, verifiedRows } from './signed-value.js';

const any = z.object({});

/** Small batches, so that other statements wait shortly. */
const deletedAtOnce = 500;

/** The audit log in a table. Records that come while others are written go together, in one commit for all. */
export class PostgresLog implements Log {
  readonly checkpoints: PostgresCheckpoints;
  readonly #batches: Batches<readonly AuditRecord[]>;

  constructor(
    private readonly sessions: Sessions,
    private readonly integrity: Integrity,
    /** Comes before the checkpoints of each minute. */
    beforeSigning: () => Promise<void>,
  ) {
    this.checkpoints = new PostgresCheckpoints(sessions, integrity, beforeSigning);
    this.#batches = new Batches(
      (batch) => sessions.transaction((session) => this.insert(session, batch.flat())),
      { itemsAtOnce: 500 },
    );
  }

  async append(records: readonly AuditRecord[]): Promise<void> {
    // Before it shares a statement with others, which would fail with it.
    for (const record of records) auditRecord.parse(record);
    await this.#batches.add(records);
  }

  /** Existing records stay: a repeated copy sends them again. */
  async insert(session: Session, records: readonly AuditRecord[]): Promise<void> {
    const own = records.map((record) => {
      const { organizationId, id, connectionId = null } = record;
      const { value, mac } = signed(`audit_records ${organizationId} ${id}`, record, this.integrity);
      return [organizationId, id, connectionId, value, mac];
    });
    await session.query(
      any,
      `INSERT INTO audit_records (organization_id, id, connection_id, value, mac)
       SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::jsonb[], $5::text[])
       ON CONFLICT (organization_id, id) DO NOTHING`,
      [0, 1, 2, 3, 4].map((column) => own.map((each) => each[column])),
    );
  }

  async read(
    organizationId: string | undefined,
    { limit, before, connectionId }: Parameters<Log['read']>[1],
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

  /** From one to the next by the index: the table has millions of rows. */
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

  /** Of one organization after the other, in small statements that any number of processes may make at once. */
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

  /** Those that another process is deleting in this moment are skipped, not waited for. */
  #deleteSome(organizationId: string, before: AuditId, end: string) {
    return this.sessions.query(
      any,
      `DELETE FROM audit_records WHERE organization_id = $1 AND id = ANY(ARRAY(
         SELECT id FROM audit_records WHERE organization_id = $1 AND id < $2 AND id <= $4
         ORDER BY id LIMIT $3 FOR UPDATE SKIP LOCKED)) RETURNING id`,
      [organizationId, before, deletedAtOnce, end],
    );
  }
}
