import { createHash } from 'node:crypto';
import { z } from 'zod';
import { type AuditId, timeOfAuditId } from '../../domain/ids.js';
import type { AuditCheckpoints } from '../backend.js';
import type { Integrity } from '../integrity.js';
import type { Session, Sessions } from './sessions.js';
import { partsOf } from './signed-value.js';

const any = z.object({});
const line = z.object({ id: z.string(), mac: z.string() });
const checkpoint = z.object({
  n: z.coerce.number(),
  up_to: z.string(),
  records: z.coerce.number(),
  digest: z.string(),
  is_trimmed: z.boolean(),
  mac: z.string(),
});
type Checkpoint = Omit<z.infer<typeof checkpoint>, 'mac'>;

const columns = 'n, up_to, records, digest, is_trimmed, mac';
const recordsAtMost = 10_000;
const beforeAll: Checkpoint = { n: 0, up_to: '', records: 0, digest: '', is_trimmed: false };

/**
 * Signed checkpoints of the audit log: each says how many records there are between the one before and its id, and their
 * digest with that of the one before. A record that was deleted, added or edited with SQL is found.
 */
export class PostgresCheckpoints implements AuditCheckpoints {
  constructor(
    private readonly sessions: Sessions,
    private readonly integrity: Integrity,
    private readonly beforeSigning: () => Promise<void>,
  ) {}

  async sign(before: AuditId): Promise<number> {
    await this.beforeSigning();
    const waiting = await this.sessions.query(
      z.object({ key: z.string() }),
      `SELECT key FROM organizations WHERE EXISTS (
         SELECT 1 FROM audit_records WHERE organization_id = organizations.key AND id < $1 AND id > COALESCE(
           (SELECT max(up_to) FROM audit_checkpoints WHERE organization_id = organizations.key), ''))`,
      [before],
    );
    let signed = 0;
    for (const { key } of waiting) while (await this.#signNext(key, before)) signed += 1;
    return signed;
  }

  async faults(): Promise<string[]> {
    const ids = await this.sessions.query(
      z.object({ organization_id: z.string() }),
      'SELECT DISTINCT organization_id FROM audit_checkpoints ORDER BY organization_id',
    );
    const faults: string[] = [];
    for (const { organization_id } of ids) {
      const fault = await this.#faultOf(organization_id);
      if (fault) faults.push(`The audit log of ${organization_id} ${fault}.`);
    }
    return faults;
  }

  /** Those that another key has signed. @returns how many */
  async signAgain(): Promise<number> {
    const owned = checkpoint.extend({ organization_id: z.string() });
    const former = await this.sessions.query(
      owned,
      `SELECT organization_id, ${columns} FROM audit_checkpoints WHERE mac NOT LIKE $1`,
      [`${this.integrity.keyId}.%`],
    );
    let count = 0;
    for (const { organization_id: id, mac, ...each } of former) {
      if (this.integrity.fault(...partsOf(mac), textOf(id, each))) continue;
      const changed = await this.sessions.query(
        any,
        'UPDATE audit_checkpoints SET mac = $1 WHERE organization_id = $2 AND n = $3 AND mac = $4 RETURNING n',
        [this.#macOf(id, each), id, each.n, mac],
      );
      count += changed.length;
    }
    return count;
  }

  /** Of all organizations. */
  async newestRecordMs(): Promise<number> {
    const newest = await this.sessions.query(
      z.object({ id: z.string().nullable() }),
      'SELECT (SELECT max(id) FROM audit_records WHERE organization_id = key) AS id FROM organizations',
    );
    return Math.max(0, ...newest.map(({ id }) => (id === null ? 0 : timeOfAuditId(id))));
  }

  /** Says that records may be gone up to there, before they go. @returns the end of what may go; undefined: all may */
  async trim(organizationId: string, before: AuditId): Promise<string | undefined> {
    return this.#locked(organizationId, async (session) => {
      const all = await this.#all(session, organizationId);
      const old = all.filter(({ up_to }) => up_to < before);
      for (const each of old)
        if (!each.is_trimmed) {
          const trimmed = { ...each, is_trimmed: true };
          await session.query(
            any,
            'UPDATE audit_checkpoints SET is_trimmed = true, mac = $3 WHERE organization_id = $1 AND n = $2',
            [organizationId, each.n, this.#macOf(organizationId, trimmed)],
          );
        }
      return all.length === 0 ? undefined : (old.at(-1)?.up_to ?? '');
    });
  }

  async #signNext(organizationId: string, before: AuditId): Promise<boolean> {
    return this.#locked(organizationId, async (session) => {
      const last = (await this.#all(session, organizationId, 'DESC LIMIT 1')).at(0) ?? beforeAll;
      const lines = await session.query(
        line,
        'SELECT id, mac FROM audit_records WHERE organization_id = $1 AND id > $2 AND id < $3 ORDER BY id LIMIT $4',
        [organizationId, last.up_to, before, recordsAtMost],
      );
      const end = lines.at(-1);
      if (end === undefined) return false;
      const digest = digestOf(last.digest, lines);
      const next = { n: last.n + 1, up_to: end.id, records: lines.length, digest, is_trimmed: false };
      await session.query(
        any,
        `INSERT INTO audit_checkpoints (organization_id, ${columns}) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
        [organizationId, ...Object.values(next), this.#macOf(organizationId, next)],
      );
      return true;
    });
  }

  async #faultOf(organizationId: string): Promise<string | undefined> {
    let last = beforeAll;
    for (const next of await this.#all(this.sessions, organizationId)) {
      const signed = this.integrity.fault(...partsOf(next.mac), textOf(organizationId, next));
      if (signed) return `has a checkpoint ${next.n} that can't be used: ${signed}`;
      if (next.n !== last.n + 1) return `has no checkpoint ${last.n + 1}`;
      if (!next.is_trimmed) {
        const lines = await this.sessions.query(
          line,
          'SELECT id, mac FROM audit_records WHERE organization_id = $1 AND id > $2 AND id <= $3 ORDER BY id',
          [organizationId, last.up_to, next.up_to],
        );
        if (lines.length !== next.records || digestOf(last.digest, lines) !== next.digest)
          return `has ${lines.length} records up to ${next.up_to}, and ${next.records} were signed, or others`;
      }
      last = next;
    }
    return undefined;
  }

  #all(session: Session, organizationId: string, order = 'ASC') {
    return session.query(
      checkpoint,
      `SELECT ${columns} FROM audit_checkpoints WHERE organization_id = $1 ORDER BY n ${order}`,
      [organizationId],
    );
  }

  /** Processes sign one after the other. */
  #locked<Result>(organizationId: string, work: (session: Session) => Promise<Result>): Promise<Result> {
    return this.sessions.transaction(async (session) => {
      await session.query(any, 'SELECT key FROM organizations WHERE key = $1 FOR UPDATE', [organizationId]);
      return work(session);
    });
  }

  #macOf(organizationId: string, each: Checkpoint): string {
    return `${this.integrity.keyId}.${this.integrity.sign(textOf(organizationId, each))}`;
  }
}

const textOf = (organizationId: string, { n, up_to, records, digest, is_trimmed }: Checkpoint): string =>
  JSON.stringify(['audit_checkpoints', organizationId, n, up_to, records, digest, is_trimmed]);

function digestOf(before: string, lines: readonly z.infer<typeof line>[]): string {
  const hash = createHash('sha256').update(`${before}\n`);
  for (const { id, mac } of lines) hash.update(`${id} ${mac}\n`);
  return hash.digest('base64url');
}
