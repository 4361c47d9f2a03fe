import type { OrganizationId } from '../domain/ids.js';
import { isKeyWithin } from '../domain/scope.js';
import type { Query } from './backend.js';
import { type GroupCount, GroupCounts } from './group-counts.js';
import { claimsOfRow, type Row } from './row.js';
import { SortedRows } from './sorted-rows.js';
import { type Constraint, constraints, spaceOf, type TableName, tableNames, tables } from './tables.js';

interface TableRows {
  readonly byKey: Map<string, Row>;
  readonly counts: GroupCounts;
  /** The lists of each organization, and under `''` those of all, by order. */
  readonly lists: Map<string, ReadonlyMap<string, SortedRows>>;
}

/** All rows in memory, with the lists and claims of `tables.ts`. */
export class Rows {
  readonly #tables = new Map<TableName, TableRows>(
    tableNames.map((name) => [
      name,
      { byKey: new Map(), counts: new GroupCounts(tables[name].counted), lists: new Map() },
    ]),
  );
  /** The holders by constraint (and organization), then by value. */
  readonly #claims = new Map<string, Map<string, Row>>();
  /** Values that a transaction takes which isn't durable yet: other organizations can't take them. */
  readonly #reserved = new Map<string, OrganizationId>();

  get(table: TableName, key: string): Row | undefined {
    return this.#of(table).byKey.get(key);
  }

  holder(constraint: Constraint, value: string, organizationId: OrganizationId): Row | undefined {
    return this.#claimsOf(constraint, organizationId).get(value);
  }

  holders(constraint: Constraint, values: readonly string[], organizationId = ''): (Row | undefined)[] {
    const claims = this.#claimsOf(constraint, organizationId);
    return values.map((value) => claims.get(value));
  }

  /** All rows of an organization's table, in the order of its first list. */
  of(table: TableName, organizationId: OrganizationId): readonly Row[] {
    const [first] = this.#lists(table, organizationId)?.values() ?? [];
    return first?.after(undefined) ?? [];
  }

  /** The number of rows of an organization's table. */
  size(table: TableName, organizationId: OrganizationId): number {
    const [first] = this.#lists(table, organizationId)?.values() ?? [];
    return first?.size ?? 0;
  }

  list<Name extends TableName>(table: Name, query: Query<Name>): Row[] {
    const { organizationId, where = {}, limit, upTo, search, within, before } = query;
    const column = tables[table].orders[query.order];
    const filters = filtersOf(where);
    const held = within && this.#within(within, organizationId);
    const found: Row[] = [];
    for (const row of this.#candidates(table, query)) {
      if (found.length === limit) break;
      if (held && !held.has(row)) continue;
      if (upTo !== undefined && typeof column === 'string' && (row.columns[column] ?? '') > upTo) {
        if (before === undefined) break;
        continue;
      }
      if (search && !row.columns[search.column]?.includes(search.text)) continue;
      if (isWanted(row, filters)) found.push(row);
    }
    return before === undefined ? found : found.reverse();
  }

  count(
    table: TableName,
    column: string,
    { organizationId, ...where }: { readonly organizationId?: OrganizationId | undefined } = {},
  ): Map<string, number> {
    const found = new Map<string, number>();
    const filters = filtersOf(where);
    const { byKey, counts } = this.#of(table);
    const groups: Iterable<Partial<GroupCount> & Pick<Row, 'columns'>> = organizationId
      ? this.of(table, organizationId)
      : (counts.by([column, ...filters.map(([name]) => name)]) ?? byKey.values());
    for (const { columns, count = 1 } of groups) {
      if (!isWanted({ columns }, filters)) continue;
      const value = columns[column] ?? '';
      found.set(value, (found.get(value) ?? 0) + count);
    }
    return found;
  }

  /** Deletions first: a scope may move from one row to another. */
  apply(changes: Iterable<Change>): void {
    const all = [...changes].map((change) => ({ ...change, before: this.get(change.table, change.key) }));
    for (const { before } of all) this.#setClaims(before, undefined);
    for (const { table, key, next, before } of all) {
      const { byKey, counts } = this.#of(table);
      if (next) byKey.set(key, next);
      else byKey.delete(key);
      counts.add(before, -1);
      counts.add(next, 1);
      for (const owner of ['', (next ?? before)?.organizationId ?? ''])
        for (const list of this.#ownLists(table, owner).values()) list.replace(before, next);
      this.#setClaims(next, next);
    }
  }

  /** Removes all rows of an organization, to read them again. */
  forget(organizationId: OrganizationId): void {
    const gone = tableNames.flatMap((table) => [...this.of(table, organizationId)]);
    this.apply(gone.map(({ table, key }) => ({ table, key, next: undefined })));
  }

  reserve(constraint: Constraint, organizationId: OrganizationId, value: string): void {
    if (constraints[constraint] === 'everywhere')
      this.#reserved.set(`${constraint} ${value}`, organizationId);
  }

  isReserved(constraint: Constraint, organizationId: OrganizationId, value: string): boolean {
    return (this.#reserved.get(`${constraint} ${value}`) ?? organizationId) !== organizationId;
  }

  release(organizationId: OrganizationId): void {
    for (const [claim, owner] of this.#reserved) if (owner === organizationId) this.#reserved.delete(claim);
  }

  #of(table: TableName): TableRows {
    const rows = this.#tables.get(table);
    if (rows === undefined) throw new TypeError(`No table ${table}.`);
    return rows;
  }

  #lists(table: TableName, organizationId = ''): ReadonlyMap<string, SortedRows> | undefined {
    return this.#of(table).lists.get(organizationId);
  }

  /** Creates them for the first row. A read of an organization without rows keeps nothing. */
  #ownLists(table: TableName, organizationId = ''): ReadonlyMap<string, SortedRows> {
    const known = this.#lists(table, organizationId);
    if (known) return known;
    const orders = Object.entries(tables[table].orders);
    const own = new Map(orders.map(([order, column]) => [order, new SortedRows(column)]));
    this.#of(table).lists.set(organizationId, own);
    return own;
  }

  /** The rows behind the query's cursor, or those in front of it, the nearest first. */
  #candidates<Name extends TableName>(
    table: Name,
    { organizationId, order, before, after }: Query<Name>,
  ): Iterable<Row> {
    const list = this.#lists(table, organizationId)?.get(order);
    if (list === undefined) return [];
    const key = before ?? after;
    if (key === undefined) return list.after(undefined);
    // A list by key continues where a deleted row was; another one can't.
    const cursor = list.column === null ? { key } : this.get(table, key);
    if (cursor === undefined) return [];
    return before === undefined ? list.after(cursor) : list.before(cursor);
  }

  /** The rows that hold this scope or a narrower one. */
  #within({ scope, first }: NonNullable<Query<TableName>['within']>, organizationId = ''): ReadonlySet<Row> {
    const claims = this.#claimsOf('scope', organizationId);
    const keys = [...claims.keys()].filter(isKeyWithin(scope));
    const wanted = first === undefined ? keys : keys.sort().slice(0, first);
    return new Set(wanted.flatMap((key) => claims.get(key) ?? []));
  }

  /** The holder of the unique values of a row. */
  #setClaims(row: Row | undefined, holder: Row | undefined): void {
    if (row === undefined) return;
    for (const { constraint, value } of claimsOfRow(row)) {
      const claims = this.#claimsOf(constraint, row.organizationId);
      if (holder) claims.set(value, holder);
      else claims.delete(value);
    }
  }

  #claimsOf(constraint: Constraint, organizationId: string): Map<string, Row> {
    const space = spaceOf(constraint, organizationId);
    let claims = this.#claims.get(space);
    if (claims === undefined) {
      claims = new Map();
      this.#claims.set(space, claims);
    }
    return claims;
  }
}

export interface Change {
  readonly table: TableName;
  readonly key: string;
  /** Undefined: the row goes. */
  readonly next: Row | undefined;
}

type Filters = readonly (readonly [string, unknown])[];

export const filtersOf = (where: object): Filters =>
  Object.entries(where).filter(([, wanted]) => wanted !== undefined);

/** A plain loop, since it may look at a hundred thousand rows. */
export function isWanted({ columns }: Pick<Row, 'columns'>, filters: Filters): boolean {
  for (const [name, wanted] of filters) if (columns[name] !== wanted) return false;
  return true;
}
