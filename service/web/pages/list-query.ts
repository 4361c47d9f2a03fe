import { type Connection, verificationOf } from '../../domain/connection.js';
import { accountOf, statuses } from '../components/status.js';
import { type Visit, withQuery } from '../site.js';

export const pageSize = 25;
/** More of one organization are not read for a page: a search by name finds the others. */
export const listSize = 5_000;

export type StatusFilter = (typeof statuses)[number];
const sorts = ['status', 'name', 'account', 'checked'] as const;
export type Sort = (typeof sorts)[number];

/** The search, filter and page of the list; the address has all of them. */
export interface Wanted {
  readonly search: string;
  readonly status?: StatusFilter | undefined;
  readonly sort: Sort;
  readonly page: number;
}

export function wantedIn(visit: Visit): Wanted {
  const [status, sort] = [visit.queried('status'), visit.queried('sort')];
  const page = Number.parseInt(visit.queried('page'), 10) || 1;
  return {
    search: visit.queried('q').trim().slice(0, 100),
    status: statuses.find((each) => each === status),
    sort: sorts.find((each) => each === sort) ?? 'status',
    page: Math.max(1, Math.min(page, (2 * listSize) / pageSize)),
  };
}

/** The address of the list with changes, without defaults. */
export function addressOf(wanted: Wanted, change: Partial<Wanted>): string {
  const { search, status, sort, page } = { ...wanted, page: 1, ...change };
  return withQuery('/connections', {
    q: search,
    status,
    sort: sort === 'status' ? undefined : sort,
    page: page > 1 ? String(page) : undefined,
  });
}

/** Created once: a collator for each comparison costs more than rendering the page. */
const { compare } = new Intl.Collator('en', { numeric: true });

export const order: Record<Sort, (one: Connection, other: Connection) => number> = {
  status: (one, other) =>
    statuses.indexOf(one.status) - statuses.indexOf(other.status) || order.name(one, other),
  name: (one, other) => compare(one.name, other.name) || (one.id < other.id ? -1 : 1),
  account: (one, other) => compare(accountOf(one), accountOf(other)) || order.name(one, other),
  checked: (one, other) => checkedAt(other).localeCompare(checkedAt(one)) || order.name(one, other),
};
const checkedAt = (connection: Connection): string => verificationOf(connection)?.finishedAt ?? '';
