import { keysOf } from '../domain/keys-of.js';
import type { Backend, Query, Selection } from './backend.js';
import { type OrderOf, searchable, type TableName, tables, type Values } from './tables.js';

export const rowsAtOnce = 200;

/** The table's first list, which has all rows. */
export const wholeList = <Name extends TableName>(table: Name): OrderOf<Name> =>
  // The names of any table's lists, of which this table's are some.
  keysOf(tables[table].orders)[0] as OrderOf<Name>;

/** All rows of a list, page by page. A row that changes meanwhile may be missing. */
export async function* pagesOf<Name extends TableName>(
  backend: Backend,
  table: Name,
  selection: Selection<Name>,
): AsyncIterable<readonly Values[Name][]> {
  for (let after: string | undefined; ; ) {
    const page = await backend.list(table, { ...selection, after, limit: rowsAtOnce });
    yield page;
    const last = page.at(-1);
    if (last === undefined || page.length < rowsAtOnce) return;
    after = tables[table].key(last);
  }
}

export async function allOf<Name extends TableName>(
  backend: Backend,
  table: Name,
  selection: Selection<Name>,
): Promise<Values[Name][]> {
  const all: Values[Name][] = [];
  for await (const page of pagesOf(backend, table, selection)) all.push(...page);
  return all;
}

/** A page of a list. `hasMore` means that later rows exist, or with `before` earlier ones. */
export async function pageOf<Name extends TableName>(
  backend: Backend,
  table: Name,
  query: Query<Name>,
): Promise<{ rows: Values[Name][]; hasMore: boolean }> {
  const { limit, before } = query;
  const found = await backend.list(table, { ...query, limit: limit + 1 });
  const rows = before === undefined ? found.slice(0, limit) : found.slice(-limit);
  return { rows, hasMore: found.length > limit };
}

/** The filter for a part of a name. */
export const named = (search: string | undefined) =>
  search ? ({ column: 'searchName', text: searchable(search) } as const) : undefined;

export async function one<Name extends TableName>(
  backend: Backend,
  table: Name,
  key: string,
): Promise<Values[Name] | undefined> {
  const [found] = await backend.get(table, [key]);
  return found;
}
