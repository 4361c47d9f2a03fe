import type { Backend, Selection } from './backend.js';
import { searchable, type TableName, tables, type Values } from './tables.js';

export const rowsAtOnce = 200;

/** All of a list, page by page. A row that changes meanwhile may be missed. */
export async function* pagesOf<Name extends TableName>(
  backend: Pick<Backend, 'list'>,
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
  backend: Pick<Backend, 'list'>,
  table: Name,
  selection: Selection<Name>,
): Promise<Values[Name][]> {
  const all: Values[Name][] = [];
  for await (const page of pagesOf(backend, table, selection)) all.push(...page);
  return all;
}

/** The filter for a part of a name. */
export const named = (search: string | undefined) =>
  search ? ({ column: 'searchName', text: searchable(search) } as const) : undefined;

/** Without the row too many, which was asked for to know whether there are more: the farthest one. */
export const cut = <Value>(
  found: readonly Value[],
  { limit, before }: { readonly limit: number; readonly before?: string | undefined },
): { shown: Value[]; hasMore: boolean } => ({
  shown: before === undefined ? found.slice(0, limit - 1) : found.slice(-(limit - 1)),
  hasMore: found.length === limit,
});

export async function one<Name extends TableName>(
  backend: Pick<Backend, 'get'>,
  table: Name,
  key: string,
): Promise<Values[Name] | undefined> {
  const [found] = await backend.get(table, [key]);
  return found;
}
