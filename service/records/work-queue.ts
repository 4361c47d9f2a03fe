import { groupBy } from '../domain/group-by.js';
import type { OrganizationId } from '../domain/ids.js';
import type { Job, Store } from '../domain/ports.js';
import type { Backend } from './backend.js';
import { changeRow, placeOf } from './change-row.js';
import { allOf } from './pages.js';
import { tables, type Values } from './tables.js';

/** Tables whose rows are due at a time, and are leased to one process meanwhile. */
type Queue = 'jobs' | 'messages';
type Leased<Name extends Queue> = Values[Name];

export const workIn = (backend: Backend) =>
  ({
    leaseJobs: (request) => leaseDue(backend, 'jobs', request),
    completeJob: (leased, next) => completeDue(backend, 'jobs', leased, next),
    nextJobAt: () => nextDueAt(backend, 'jobs'),

    async hastenProofs(latest, now) {
      for (const job of await allOf(backend, 'jobs', { order: 'due' }))
        if (job.purpose === 'confirm_revocation' && job.dueAt > latest)
          await completeDue(backend, 'jobs', job, { dueAt: now, attempts: job.attempts });
    },

    leaseMessages: (request) => leaseDue(backend, 'messages', request),
    nextMessageAt: () => nextDueAt(backend, 'messages'),
  }) satisfies Partial<Store>;

/** Those that are due, the longest due first. Each is given to one caller until its lease ends. */
async function leaseDue<Name extends Queue>(
  backend: Backend,
  table: Name,
  { now, leaseUntil, limit }: { now: string; leaseUntil: string; limit: number },
): Promise<Leased<Name>[]> {
  const { key, organizationId } = tables[table];
  const leased = new Map<string, Leased<Name>>();
  const lease = (id: OrganizationId, rows: readonly Leased<Name>[]) =>
    backend.transact(id, async (transaction) => {
      const free: Leased<Name>[] = [];
      for (const row of rows) {
        const stored = await transaction.get(table, key(row));
        if (stored === undefined || (stored.leaseExpiresAt ?? stored.dueAt) > now) continue;
        await transaction.put(table, { ...stored, leaseExpiresAt: leaseUntil }, { lasting: false });
        free.push(stored);
      }
      return free;
    });
  while (leased.size < limit) {
    const due = await backend.list(table, { order: 'due', upTo: now, limit: limit - leased.size });
    const others = due.filter((row) => !leased.has(key(row)));
    if (others.length === 0) break;
    const groups = [...groupBy(others, organizationId)];
    for (const free of await Promise.all(groups.map(([id, rows]) => lease(id, rows))))
      for (const row of free) leased.set(key(row), row);
  }
  return [...leased.values()].map(withoutLease).sort((one, other) => (one.dueAt < other.dueAt ? -1 : 1));
}

/** Due again at another time, or (undefined) gone. A row that was replaced since it was leased is left alone. */
export async function completeDue<Name extends Queue>(
  backend: Backend,
  table: Name,
  leased: Leased<Name>,
  next: ({ dueAt: string; attempts: number } & Partial<Leased<Name>>) | undefined,
): Promise<void> {
  await changeRow(backend, table, placeOf(table, leased), (stored) => {
    if (!isSameTurn(stored, leased)) return undefined;
    return next ? { ...withoutLease(stored), ...next } : null;
  });
}

/** When the next one is due, or its lease ends. */
async function nextDueAt(backend: Backend, table: Queue): Promise<string | undefined> {
  const [first] = await backend.list(table, { order: 'due', limit: 1 });
  return first && (first.leaseExpiresAt ?? first.dueAt);
}

function withoutLease<Row extends { leaseExpiresAt?: string | undefined }>(row: Row): Row {
  const { leaseExpiresAt: _, ...rest } = row;
  return rest as Row;
}

type Turn = Pick<Job, 'dueAt' | 'attempts'> & { readonly role?: Job['role'] };

const isSameTurn = (stored: Turn, leased: Turn): boolean =>
  stored.dueAt === leased.dueAt &&
  stored.attempts === leased.attempts &&
  stored.role?.arn === leased.role?.arn &&
  stored.role?.externalId === leased.role?.externalId;
