import type { OrganizationId } from '../domain/ids.js';
import { keysWithin } from '../domain/scope.js';
import type { Query } from './backend.js';
import { claimsOfRow, type Row } from './row.js';
import { SortedRows } from './sorted-rows.js';
import { type Constraint, constraints, spaceOf, type TableName, tableNames, tables } from './tables.js';
import { Tallies, type Tally } from './tallies.js';

interface TableRows {
  readonly byKey: Map<string, Row>;
  readonly tallies: Tallies;
  readonly orders: ReadonlyMap<
    string,
    { readonly all: SortedRows; readonly of: Map<OrganizationId, SortedRows> }
  >;
}

/** All rows in memory, with the lists and claims of `tables.ts`. */
export class Rows {
  readonly #tables = new Map<TableName, TableRows>(
    tableNames.map((name) => {
      const orders = Object.entries(tables[name].orders).map(
        ([order, column]) => [order, { all: new SortedRows(column), of: new Map() }] as const,
      );
      return [
        name,
        { byKey: new Map(), tallies: new Tallies(tables[name].counted), orders: new Map(orders) },
      ];
    }),
  );
  /** By constraint (and organization), then by value. */
  readonly #claims = new Map<string, Map<string, Row>>();
  /** Reservations of a transaction that isn't durable yet: other organizations can't take them. */
  readonly #reserved = new Map<string, OrganizationId>();

  get(table: TableName, key: string): Row | undefined {
    return this.#of(table).byKey.get(key);
  }

  holder(constraint: Constraint, organizationId: OrganizationId, value: string): Row | undefined {
    return this.#claimsOf(constraint, organizationId).get(value);
  }

  /** Of each value. */
  holders(constraint: Constraint, values: readonly string[], organizationId = ''): (Row | undefined)[] {
    const claims = this.#claimsOf(constraint, organizationId);
    return values.map((value) => claims.get(value));
  }

  /** All rows of an organization's table, in the order of its first list. */
  of(table: TableName, organizationId: OrganizationId): Iterable<Row> {
    const [order] = this.#of(table).orders.values();
    return order?.of.get(organizationId)?.after(undefined) ?? [];
  }

  list<Name extends TableName>(table: Name, query: Query<Name>): Row[] {
    const { organizationId, where = {}, limit, upTo, search, within, holding } = query;
    const { byKey, orders } = this.#of(table);
    const column = tables[table].orders[query.order];
    const filters = filtersOf(where);
    const found: Row[] = [];
    const order = orders.get(query.order);
    const sorted = organizationId === undefined ? order?.all : order?.of.get(organizationId);
    const key = query.before ?? query.after;
    const place = key === undefined || column !== null ? byKey.get(key ?? '') : { key };
    if (key !== undefined && place === undefined) return [];
    const candidates = holding
      ? this.#holding(table, holding, organizationId)
      : query.before === undefined
        ? sorted?.after(place)
        : sorted?.before(place);
    const held = within === undefined ? undefined : this.#within(organizationId, within);
    for (const row of candidates ?? []) {
      if (found.length === limit) break;
      if (held && !held.has(row)) continue;
      if (upTo !== undefined && typeof column === 'string' && (row.columns[column] ?? '') > upTo) break;
      if (search && !row.columns[search.column]?.includes(search.text)) continue;
      if (isWanted(row, filters)) found.push(row);
    }
    return query.before === undefined ? found : found.reverse();
  }

  count(
    table: TableName,
    column: string,
    { organizationId, ...where }: { readonly organizationId?: OrganizationId | undefined } = {},
  ): Map<string, number> {
    const counts = new Map<string, number>();
    const filters = filtersOf(where);
    const { byKey, tallies } = this.#of(table);
    const counted = tallies.of([column, ...filters.map(([name]) => name)]);
    const groups: Iterable<Partial<Tally> & Pick<Row, 'columns'>> = organizationId
      ? this.of(table, organizationId)
      : (counted ?? byKey.values());
    for (const { columns, count = 1 } of groups) {
      if (!isWanted({ columns }, filters)) continue;
      const value = columns[column] ?? '';
      counts.set(value, (counts.get(value) ?? 0) + count);
    }
    return counts;
  }

  /** Deletions first: a scope may move from one row to another. */
  apply(changes: Iterable<Change>): void {
    const all = [...changes].map((change) => ({ ...change, before: this.get(change.table, change.key) }));
    for (const { before } of all) this.#claim(before, undefined);
    for (const { table, key, next, before } of all) {
      const { byKey, orders, tallies } = this.#of(table);
      if (next) byKey.set(key, next);
      else byKey.delete(key);
      tallies.add(before, -1);
      tallies.add(next, 1);
      for (const { all: sorted, of } of orders.values()) {
        sorted.replace(before, next);
        const { organizationId } = next ?? before ?? {};
        if (organizationId === undefined) continue;
        const own = of.get(organizationId) ?? new SortedRows(sorted.column);
        own.replace(before, next);
        of.set(organizationId, own);
      }
      this.#claim(next, next);
    }
  }

  /** Takes out all rows of an organization, to read them again. */
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

  *#holding(
    table: TableName,
    holding: NonNullable<Query<TableName>['holding']>,
    organizationId = '',
  ): Iterable<Row> {
    const claims = this.#claimsOf(holding.constraint, organizationId);
    const values = [...claims.keys()]
      .filter((value) => value > holding.after && value < holding.before)
      .sort();
    const rows = new Set(values.flatMap((value) => claims.get(value) ?? []));
    for (const row of rows) if (row.table === table) yield row;
  }

  #within(organizationId: string | undefined, scope: string): ReadonlySet<Row> {
    const { after, before } = keysWithin(scope);
    const held = new Set<Row>();
    for (const [key, row] of this.#claimsOf('scope', organizationId ?? ''))
      if (key === scope || (key > after && key < before)) held.add(row);
    return held;
  }

  #claim(row: Row | undefined, by: Row | undefined): void {
    if (row === undefined) return;
    for (const { constraint, value } of claimsOfRow(row)) {
      const claims = this.#claimsOf(constraint, row.organizationId);
      if (by) claims.set(value, by);
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

/** In a plain loop: it may look at a hundred thousand rows. */
export function isWanted({ columns }: Pick<Row, 'columns'>, filters: Filters): boolean {
  for (const [name, wanted] of filters) if (columns[name] !== wanted) return false;
  return true;
}
