import type { AuditRecord } from '../../service/domain/audit.js';
import { RolebridgeError } from '../../service/domain/errors.js';
import type { OrganizationId } from '../../service/domain/ids.js';
import { isKeyWithin } from '../../service/domain/scope.js';
import { pageOfLog } from '../../service/records/audit-records.js';
import {
  type Backend,
  type Log,
  type Query,
  type Transaction,
  UniqueConflict,
} from '../../service/records/backend.js';
import { type Row, rowOf, rowValue } from '../../service/records/row.js';
import {
  type Constraint,
  claimsOf,
  constraints,
  type TableName,
  tables,
  type Values,
} from '../../service/records/tables.js';

/**
 * A backend on a Map, without any index: one transaction after the other, each on a copy. The unit tests' store, and
 * read it before you write another one.
 */
export function createMapBackend(): Backend {
  let rows = new Map<string, Row>();
  const audit = new Map<OrganizationId, AuditRecord[]>();
  let queue: Promise<unknown> = Promise.resolve();
  let isOpen = true;
  const assertOpen = () => {
    if (!isOpen) throw new RolebridgeError('store_unavailable', 'The store is closed.');
  };

  const log: Log = {
    async append(records) {
      assertOpen();
      for (const record of structuredClone(records))
        audit.set(record.organizationId, [...(audit.get(record.organizationId) ?? []), record]);
    },
    read: (organizationId, page) => {
      const records = organizationId ? (audit.get(organizationId) ?? []) : [...audit.values()].flat();
      return pageOfLog(
        organizationId
          ? records.toReversed()
          : records.toSorted((one, other) => compareTexts(other.id, one.id)),
        page,
      );
    },
    organizations: async () => [...audit.keys()],
    async trim(before) {
      let gone = 0;
      for (const [id, records] of audit) {
        const kept = records.filter((record) => record.id >= before);
        gone += records.length - kept.length;
        audit.set(id, kept);
      }
      return gone;
    },
  };

  return {
    log,
    get: async (table, keys) => keys.map((key) => valueIn(rows, table, key)),
    holders: async (table, constraint, values, organizationId) =>
      values.map((value) => {
        const row = holderIn(rows, constraint, value, organizationId);
        return row?.table === table ? rowValue(row) : undefined;
      }),
    list: async (table, query) => listed([...rows.values()], table, query).map((row) => rowValue(row)),
    async count(table, column, where = {}) {
      const counts = new Map<string, number>();
      for (const row of rows.values()) {
        if (row.table !== table || !isWanted(row, where)) continue;
        const value = row.columns[column] ?? '';
        counts.set(value, (counts.get(value) ?? 0) + 1);
      }
      return counts;
    },
    transact(organizationId, work) {
      const run = async () => {
        assertOpen();
        const copy = new Map(rows);
        const records: AuditRecord[] = [];
        const result = await work(transactionOn(copy, organizationId, records));
        await log.append(records);
        rows = copy;
        return result;
      };
      const result = queue.then(run, run);
      queue = result.catch(() => {});
      return result;
    },
    ready: async () => assertOpen(),
    close: async () => {
      isOpen = false;
    },
  };
}

const place = (table: TableName, key: string): string => `${table} ${key}`;

function valueIn<Name extends TableName>(
  rows: ReadonlyMap<string, Row>,
  table: Name,
  key: string,
): Values[Name] | undefined {
  const row = rows.get(place(table, key));
  return row && rowValue(row);
}

function transactionOn(
  rows: Map<string, Row>,
  organizationId: OrganizationId,
  records: AuditRecord[],
): Transaction {
  return {
    get: async (table, key) => valueIn(rows, table, key),
    count: async (table, where) =>
      [...rows.values()].filter(
        (row) => row.table === table && row.organizationId === organizationId && isWanted(row, where),
      ).length,
    holder: async (constraint, value) => holderIn(rows, constraint, value, organizationId)?.key,
    async put(table, value) {
      const row = rowOf(table, value);
      const before = rows.get(place(table, row.key));
      if (before && before.organizationId !== organizationId) throw new UniqueConflict('key');
      for (const { constraint, value: claimed } of claimsOf(table, value)) {
        const other = holderIn(rows, constraint, claimed, organizationId);
        if (other && other !== before) throw new UniqueConflict(constraint);
      }
      rows.set(place(table, row.key), row);
    },
    async delete(table, key) {
      rows.delete(place(table, key));
    },
    audit: (more) => void records.push(...more),
    dropFormerVersion: () => {},
  };
}

const holderIn = (
  rows: ReadonlyMap<string, Row>,
  constraint: Constraint,
  value: string,
  organizationId: OrganizationId | undefined,
): Row | undefined =>
  [...rows.values()].find(
    (row) =>
      (constraints[constraint] === 'everywhere' || row.organizationId === organizationId) &&
      claimedBy(row, constraint).includes(value),
  );

const claimedBy = (row: Row, constraint: Constraint): string[] =>
  claimsOf(row.table, rowValue(row)).flatMap((claim) => (claim.constraint === constraint ? claim.value : []));

const isWanted = ({ columns }: Row, where: object): boolean =>
  Object.entries(where).every(([column, wanted]) => wanted === undefined || columns[column] === wanted);

function listed<Name extends TableName>(all: readonly Row[], table: Name, query: Query<Name>): Row[] {
  const { order, organizationId, where = {}, search, before, upTo, within, limit } = query;
  const after = before ?? query.after;
  const column = tables[table].orders[order] ?? null;
  const sortedBy = (row: Row): string => (column === null ? '' : (row.columns[column] ?? ''));
  const compare = (one: Row, other: Row) =>
    compareTexts(sortedBy(one), sortedBy(other)) || compareTexts(one.key, other.key);
  const last = all.find((row) => row.table === table && row.key === after);
  // A list by key continues after a deleted row; another one can't.
  if (after !== undefined && last === undefined && column !== null) return [];
  const keys = keysIn(all, query);
  const found = all
    .filter((row) => row.table === table)
    .filter((row) => column === null || row.columns[column] !== undefined)
    .filter((row) => organizationId === undefined || row.organizationId === organizationId)
    .filter((row) => isWanted(row, where))
    .filter((row) => search === undefined || row.columns[search.column]?.includes(search.text))
    .filter((row) => upTo === undefined || sortedBy(row) <= upTo)
    .filter((row) => within === undefined || claimedBy(row, 'scope').some((key) => keys.includes(key)))
    .filter((row) => {
      if (after === undefined) return true;
      const distance = last ? compare(row, last) : compareTexts(row.key, after);
      return before === undefined ? distance > 0 : distance < 0;
    })
    .sort(compare);
  return before === undefined ? found.slice(0, limit) : found.slice(-limit);
}

/** The keys of the organization's scopes within that of the query. */
const keysIn = <Name extends TableName>(all: readonly Row[], { organizationId, within }: Query<Name>) =>
  all
    .filter((row) => within && row.organizationId === organizationId)
    .flatMap((row) => claimedBy(row, 'scope'))
    .filter((key) => within && isKeyWithin(within.scope)(key))
    .sort()
    .slice(0, within?.first);

const compareTexts = (one: string, other: string): number => (one === other ? 0 : one < other ? -1 : 1);
