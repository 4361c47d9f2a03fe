import { groupBy } from '../domain/group-by.js';
import type { Job, LeaseRequest, Store } from '../domain/ports.js';
import type { Backend } from './backend.js';
import { changeRow, changeRows, placeOf } from './change-row.js';
import { allOf } from './pages.js';
import { tables, type Values } from './tables.js';

/** Tables of work that is due at a time and leased to one process. */
type Queue = 'jobs' | 'messages';

export const workIn = (backend: Backend) =>
  ({
    leaseJobs: (request) => leaseDue(backend, 'jobs', request),
    completeJob: (leased, next) => completeDue(backend, 'jobs', leased, next),
    nextJobAt: () => nextDueAt(backend, 'jobs'),

    async hastenRevocationChecks(latest, now) {
      const jobs = await allOf(backend, 'jobs', { order: 'due' });
      const late = jobs.filter(({ purpose, dueAt }) => purpose === 'confirm_revocation' && dueAt > latest);
      await hasten(backend, 'jobs', late, now);
    },

    leaseMessages: (request) => leaseDue(backend, 'messages', request),
    nextMessageAt: () => nextDueAt(backend, 'messages'),
  }) satisfies Partial<Store>;

/** Leases due rows to one caller, the longest due first. */
async function leaseDue<Name extends Queue>(
  backend: Backend,
  table: Name,
  { now, leaseUntil, limit, except = new Set() }: LeaseRequest,
): Promise<Values[Name][]> {
  const { key, organizationId } = tables[table];
  const leased = new Map<string, Values[Name]>();
  const lease = (rows: readonly Values[Name][]) => {
    const ifFree = (stored: Values[Name]) =>
      (stored.leaseExpiresAt ?? stored.dueAt) > now ? undefined : { ...stored, leaseExpiresAt: leaseUntil };
    return changeRows(backend, table, rows, ifFree, { lasting: false });
  };
  while (leased.size < limit) {
    const left = limit - leased.size;
    const due = await backend.list(table, { order: 'due', upTo: now, limit: left + except.size });
    const others = due.filter((row) => !leased.has(key(row)) && !except.has(key(row))).slice(0, left);
    if (others.length === 0) break;
    const groups = [...groupBy(others, organizationId).values()];
    for (const row of (await Promise.all(groups.map(lease))).flat()) leased.set(key(row), row);
  }
  return [...leased.values()].map(withoutLease).sort((one, other) => (one.dueAt < other.dueAt ? -1 : 1));
}

/** Reschedules a row or (undefined) deletes it, unless it was replaced since it was leased. */
export async function completeDue<Name extends Queue>(
  backend: Backend,
  table: Name,
  leased: Values[Name],
  next: ({ dueAt: string; attempts: number } & Partial<Values[Name]>) | undefined,
): Promise<void> {
  await changeRow(backend, table, placeOf(table, leased), (stored) => {
    if (!isSameSchedule(stored, leased)) return undefined;
    return next ? { ...withoutLease(stored), ...next } : null;
  });
}

/** Makes rows due now unless they changed. */
export async function hasten<Name extends Queue>(
  backend: Backend,
  table: Name,
  rows: readonly Values[Name][],
  now: string,
): Promise<void> {
  const { key } = tables[table];
  const seen = new Map(rows.map((row) => [key(row), row]));
  await changeRows(backend, table, rows, (stored) => {
    const row = seen.get(key(stored));
    const isSame = row && isSameSchedule(stored, row) && stored.leaseExpiresAt === row.leaseExpiresAt;
    return isSame ? { ...withoutLease(stored), dueAt: now } : undefined;
  });
}

/** The time at which the next row is due or its lease ends. */
async function nextDueAt(backend: Backend, table: Queue): Promise<string | undefined> {
  const [first] = await backend.list(table, { order: 'due', limit: 1 });
  return first && (first.leaseExpiresAt ?? first.dueAt);
}

function withoutLease<Row extends { leaseExpiresAt?: string | undefined }>(row: Row): Row {
  const { leaseExpiresAt: _, ...rest } = row;
  return rest as Row;
}

type Schedule = Pick<Job, 'dueAt' | 'attempts'> & { readonly role?: Job['role'] };

const isSameSchedule = (stored: Schedule, leased: Schedule): boolean =>
  stored.dueAt === leased.dueAt &&
  stored.attempts === leased.attempts &&
  stored.role?.arn === leased.role?.arn &&
  stored.role?.externalId === leased.role?.externalId;
