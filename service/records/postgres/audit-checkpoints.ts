import { createHash } from 'node:crypto';
import { z } from 'zod';
import { RolebridgeError } from '../../domain/errors.js';
import type { AuditId } from '../../domain/ids.js';
import type { AuditCheckpoints } from '../backend.js';
import { despiteDamage } from '../despite-damage.js';
import type { Integrity } from '../integrity.js';
import type { Session, Sessions } from './sessions.js';
import { signed, storedRow, verifiedRows } from './signed-value.js';

const any = z.object({});
const line = z.object({ id: z.string(), mac: z.string() });
const checkpoint = z.object({
  n: z.int(),
  upTo: z.string(),
  records: z.int(),
  digest: z.string(),
  isTrimmed: z.boolean(),
});
type Checkpoint = z.infer<typeof checkpoint>;

const recordsAtMost = 10_000;
const beforeAll: Checkpoint = { n: 0, upTo: '', records: 0, digest: '', isTrimmed: false };
/** Behind every id in the order of bytes. */
export const afterAll = '~';

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
           (SELECT up_to FROM audit_checkpoints WHERE organization_id = organizations.key
            ORDER BY key DESC LIMIT 1), ''))`,
      [before],
    );
    let count = 0;
    await despiteDamage(
      waiting.map(({ key }) => async () => {
        while (await this.#signNext(key, before)) count += 1;
      }),
    );
    return count;
  }

  async faults(): Promise<string[]> {
    const ids = await this.sessions.query(
      z.object({ organization_id: z.string() }),
      'SELECT DISTINCT organization_id FROM audit_checkpoints ORDER BY organization_id',
    );
    const faults: string[] = [];
    for (const { organization_id } of ids)
      try {
        await this.#check(organization_id);
      } catch (error) {
        if (!(error instanceof RolebridgeError)) throw error;
        faults.push(error.detail);
      }
    return faults;
  }

  /** Says that records may be gone up to there, before they go. @returns the end of what may go */
  async trim(organizationId: string, before: AuditId): Promise<string> {
    return this.#locked(organizationId, async (session) => {
      const all = await this.#all(session, organizationId);
      const old = all.filter(({ upTo }) => upTo < before);
      for (const each of old)
        if (!each.isTrimmed) await this.#put(session, organizationId, { ...each, isTrimmed: true });
      return all.length === 0 ? afterAll : (old.at(-1)?.upTo ?? '');
    });
  }

  async #signNext(organizationId: string, before: AuditId): Promise<boolean> {
    return this.#locked(organizationId, async (session) => {
      const last = (await this.#all(session, organizationId, 'DESC LIMIT 1')).at(0) ?? beforeAll;
      const lines = await session.query(
        line,
        'SELECT id, mac FROM audit_records WHERE organization_id = $1 AND id > $2 AND id < $3 ORDER BY id LIMIT $4',
        [organizationId, last.upTo, before, recordsAtMost],
      );
      const end = lines.at(-1);
      if (end === undefined) return false;
      const digest = digestOf(last.digest, lines);
      const next = { n: last.n + 1, upTo: end.id, records: lines.length, digest, isTrimmed: false };
      await this.#put(session, organizationId, next);
      return true;
    });
  }

  /** @throws RolebridgeError with the fault */
  async #check(organizationId: string): Promise<void> {
    const refuse = (fault: string) => {
      throw new RolebridgeError('store_unavailable', `The audit log of ${organizationId} has ${fault}.`);
    };
    let last = beforeAll;
    for (const next of await this.#all(this.sessions, organizationId)) {
      if (next.n !== last.n + 1) refuse(`no checkpoint ${last.n + 1}`);
      if (!next.isTrimmed) {
        const lines = await this.sessions.query(
          line,
          'SELECT id, mac FROM audit_records WHERE organization_id = $1 AND id > $2 AND id <= $3 ORDER BY id',
          [organizationId, last.upTo, next.upTo],
        );
        if (lines.length !== next.records || digestOf(last.digest, lines) !== next.digest)
          refuse(`${lines.length} records up to ${next.upTo}, and ${next.records} were signed, or others`);
      }
      last = next;
    }
  }

  async #all(session: Session, organizationId: string, order = 'ASC'): Promise<Checkpoint[]> {
    const rows = await session.query(
      storedRow,
      `SELECT key, value, mac FROM audit_checkpoints WHERE organization_id = $1 ORDER BY key ${order}`,
      [organizationId],
    );
    const found = await verifiedRows('auditCheckpoints', rows, this.integrity);
    return found.map((value) => checkpoint.parse(value));
  }

  async #put(session: Session, organizationId: string, each: Checkpoint): Promise<void> {
    const key = `${organizationId} ${String(each.n).padStart(9, '0')}`;
    const { value, mac } = signed(`auditCheckpoints ${key}`, each, this.integrity);
    await session.query(
      any,
      `INSERT INTO audit_checkpoints (key, organization_id, up_to, value, mac) VALUES ($1, $2, $3, $4, $5)
       ON CONFLICT (key) DO UPDATE SET value = excluded.value, mac = excluded.mac`,
      [key, organizationId, each.upTo, value, mac],
    );
  }

  /** Processes sign one after the other. */
  #locked<Result>(organizationId: string, work: (session: Session) => Promise<Result>): Promise<Result> {
    return this.sessions.transaction(async (session) => {
      await session.query(any, 'SELECT key FROM organizations WHERE key = $1 FOR UPDATE', [organizationId]);
      return work(session);
    });
  }
}

function digestOf(before: string, lines: readonly z.infer<typeof line>[]): string {
  const hash = createHash('sha256').update(`${before}\n`);
  for (const { id, mac } of lines) hash.update(`${id} ${mac}\n`);
  return hash.digest('base64url');
}
