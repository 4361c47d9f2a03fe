import { z } from 'zod';
import type { AuditRecord } from '../../domain/audit.js';
import { type AuditId, type OrganizationId, organizationId, timeOfAuditId } from '../../domain/ids.js';
import type { Log } from '../backend.js';
import type { Integrity } from '../integrity.js';
import { auditRecord } from '../schemas.js';
import { PostgresCheckpoints } from './audit-checkpoints.js';
import type { Session, Sessions } from './sessions.js';
import { partsOf, signed, verified } from './signed-value.js';

const any = z.object({});
const row = z.object({ organization_id: z.string(), id: z.string(), value: z.unknown(), mac: z.string() });

/** Small batches, so that other statements wait shortly. */
const deletedAtOnce = 500;
/** Behind every id in the order of bytes. */
const afterAll = '~';

interface Waiting {
  readonly records: readonly AuditRecord[];
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** The audit log in a table. Records that come while others are written go together, in one commit for all. */
export class PostgresLog implements Log {
  #waiting: Waiting[] = [];
  #isWriting = false;
  readonly checkpoints: PostgresCheckpoints;

  constructor(
    private readonly sessions: Sessions,
    private readonly integrity: Integrity,
    /** Comes before the checkpoints of each minute. */
    beforeSigning: () => Promise<void>,
  ) {
    this.checkpoints = new PostgresCheckpoints(sessions, integrity, beforeSigning);
  }

  append(records: readonly AuditRecord[]): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ records, resolve, reject });
      if (!this.#isWriting) void this.#write();
    });
  }

  /** Existing records stay: a repeated copy sends them again. */
  async insert(session: Session, records: readonly AuditRecord[]): Promise<void> {
    const own = records.map((record) => signed(placeOf(record), checked(record), this.integrity));
    await session.query(
      any,
      `INSERT INTO audit_records (organization_id, id, connection_id, value, mac)
       SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::jsonb[], $5::text[])
       ON CONFLICT (organization_id, id) DO NOTHING`,
      [
        records.map(({ organizationId }) => organizationId),
        records.map(({ id }) => id),
        records.map(({ connectionId }) => connectionId ?? null),
        own.map(({ value }) => value),
        own.map(({ mac }) => mac),
      ],
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
      row,
      `SELECT organization_id, id, value, mac FROM audit_records WHERE id < $1
       ${only('organization_id', organizationId)} ${only('connection_id', connectionId)} ORDER BY id DESC LIMIT $2`,
      values,
    );
    await this.integrity.learn(found.map(({ mac }) => partsOf(mac)[0]));
    const records = found.slice(0, limit).map((one) => {
      const value = verified(
        `audit_records ${one.organization_id} ${one.id}`,
        { value: one.value, mac: one.mac },
        this.integrity,
        timeOfAuditId(one.id),
      );
      return auditRecord.parse(value);
    });
    return { records, hasMore: found.length > limit };
  }

  async organizations(): Promise<OrganizationId[]> {
    const text = 'SELECT DISTINCT organization_id FROM audit_records ORDER BY organization_id';
    const found = await this.sessions.query(z.object({ organization_id: organizationId }), text);
    return found.map((each) => each.organization_id);
  }

  /** Of one organization after the other, in small statements that any number of processes may make at once. */
  async trim(before: AuditId): Promise<number> {
    await this.checkpoints.sign(before);
    let deleted = 0;
    for (let organizationId = ''; ; ) {
      const [next] = await this.sessions.query(
        z.object({ organization_id: z.string() }),
        'SELECT organization_id FROM audit_records WHERE organization_id > $1 ORDER BY organization_id LIMIT 1',
        [organizationId],
      );
      if (next === undefined) return deleted;
      organizationId = next.organization_id;
      const end = await this.checkpoints.trim(organizationId, before);
      for (let isMore = true; isMore; ) {
        const { length } = await this.#deleteSome(organizationId, before, end);
        deleted += length;
        isMore = length === deletedAtOnce;
      }
    }
  }

  /** Those that another process is deleting in this moment are skipped, not waited for. */
  #deleteSome(organizationId: string, before: AuditId, end = afterAll) {
    return this.sessions.query(
      any,
      `WITH old AS (
         SELECT organization_id, id FROM audit_records WHERE organization_id = $1 AND id < $2 AND id <= $4
         ORDER BY id LIMIT $3 FOR UPDATE SKIP LOCKED)
       DELETE FROM audit_records USING old
       WHERE audit_records.organization_id = old.organization_id AND audit_records.id = old.id
       RETURNING audit_records.id`,
      [organizationId, before, deletedAtOnce, end],
    );
  }

  async #write(): Promise<void> {
    this.#isWriting = true;
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.splice(0, 500);
      try {
        await this.#insertAlone(batch);
        for (const { resolve } of batch) resolve();
      } catch (error) {
        if (batch.length === 1) batch[0]?.reject(error);
        else await Promise.all(batch.map((one) => this.#insertAlone([one]).then(one.resolve, one.reject)));
      }
    }
    this.#isWriting = false;
  }

  #insertAlone(batch: readonly Waiting[]): Promise<void> {
    const records = batch.flatMap((waiting) => waiting.records);
    return this.sessions.transaction((session) => this.insert(session, records));
  }
}

const placeOf = ({ organizationId, id }: AuditRecord): string => `audit_records ${organizationId} ${id}`;

function checked(record: AuditRecord): AuditRecord {
  auditRecord.parse(JSON.parse(JSON.stringify(record)));
  return record;
}
