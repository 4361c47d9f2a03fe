import { createHash } from 'node:crypto';
import { z } from 'zod';
import { RolebridgeError } from '../../domain/errors.js';
import type { AuditId } from '../../domain/ids.js';
import type { AuditCheckpoints } from '../backend.js';
import { despiteDamage } from '../despite-damage.js';
import type { Integrity } from '../integrity.js';
import { anyRow, type Session, type Sessions } from './sessions.js';
import { signed, storedRow, verifiedRows } from './signed-value.js';
import { upsert } from './write-rows.js';

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
/** Greater than every id in byte order. */
export const afterAll = '~';

/**
 * Signed checkpoints of the audit log. Each has the number of records since the previous checkpoint, and a digest of them
 * and of that checkpoint, so that a record that was deleted, added or edited with SQL is found.
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

  /**
   * Marks the last old checkpoint, up to which records may be missing from now on, and deletes earlier checkpoints.
   * @returns the last id that may be deleted
   */
  async trim(organizationId: string, before: AuditId): Promise<string> {
    return this.sessions.transaction(async (session) => {
      const old = 'AND up_to < $2 ORDER BY key DESC LIMIT 1';
      const [last] = await this.#find(session, organizationId, old, before);
      // The column is not signed; the value is.
      if (last === undefined || last.upTo >= before)
        return (await this.#find(session, organizationId, 'LIMIT 1')).length === 0 ? afterAll : '';
      if (!last.isTrimmed) await this.#put(session, organizationId, { ...last, isTrimmed: true });
      const earlier = 'DELETE FROM audit_checkpoints WHERE organization_id = $1 AND key < $2';
      await session.query(anyRow, earlier, [organizationId, keyOf(organizationId, last)]);
      return last.upTo;
    }, organizationId);
  }

  async #signNext(organizationId: string, before: AuditId): Promise<boolean> {
    return this.sessions.transaction(async (session) => {
      const [last = beforeAll] = await this.#find(session, organizationId, 'ORDER BY key DESC LIMIT 1');
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
    }, organizationId);
  }

  /** @throws RolebridgeError with the fault */
  async #check(organizationId: string): Promise<void> {
    const refuse = (fault: string): never => {
      throw new RolebridgeError('store_unavailable', `The audit log of ${organizationId} has ${fault}.`);
    };
    let last = beforeAll;
    for (const next of await this.#find(this.sessions, organizationId, 'ORDER BY key')) {
      const isFirst = last === beforeAll && next.isTrimmed;
      if (next.n !== last.n + 1 && !isFirst) refuse(`no checkpoint ${last.n + 1}`);
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

  async #find(
    session: Session,
    organizationId: string,
    which: string,
    ...values: string[]
  ): Promise<Checkpoint[]> {
    const rows = await session.query(
      storedRow,
      `SELECT key, value, mac FROM audit_checkpoints WHERE organization_id = $1 ${which}`,
      [organizationId, ...values],
    );
    const found = await verifiedRows('auditCheckpoints', rows, this.integrity);
    return found.map((value) => checkpoint.parse(value));
  }

  async #put(session: Session, organizationId: string, each: Checkpoint): Promise<void> {
    const key = keyOf(organizationId, each);
    await upsert(session, 'audit_checkpoints', {
      key,
      organization_id: organizationId,
      up_to: each.upTo,
      ...signed(`auditCheckpoints ${key}`, each, this.integrity),
    });
  }
}

const keyOf = (organizationId: string, { n }: Checkpoint): string =>
  `${organizationId} ${String(n).padStart(9, '0')}`;

function digestOf(before: string, lines: readonly z.infer<typeof line>[]): string {
  const hash = createHash('sha256').update(`${before}\n`);
  for (const { id, mac } of lines) hash.update(`${id} ${mac}\n`);
  return hash.digest('base64url');
}
