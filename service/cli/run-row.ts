import { memberOf, textIn } from '../unknown-value.js';
import type { CommandRow, Given } from './command-row.js';
import { attributeOf } from './option-row.js';
import { argumentMembers, asksOf, callOf, memberOptions, routeOf } from './options-of.js';
import { printJson } from './print.js';
import { clientOf, type ServiceOptions } from './service-options.js';
import type { Terminal } from './terminal.js';

type Options = ServiceOptions & { readonly limit?: number };
type Sent = Readonly<Record<string, unknown>>;

/** Runs the command of a row. */
export async function runRow(
  row: CommandRow,
  table: readonly CommandRow[],
  { terminal, words, options }: { terminal: Terminal; words: readonly string[]; options: Options & Sent },
): Promise<void> {
  let created: ReturnType<typeof clientOf> | undefined;
  const client = () => {
    created ??= clientOf(options, terminal, asksOf(row) !== 'service');
    return created;
  };
  const read: Given = { terminal, words, options, members: {}, table, client };
  const given = { ...read, members: { ...membersIn(row, words, options), ...(await row.request?.(read)) } };
  if (row.run) return row.run(given);
  const answer = row.command
    ? await (await import('./store-commands.js')).operatorCommand(row.command(given), terminal)
    : await answerOf(row, given, options.limit ?? row.limit);
  const value = row.done === undefined ? answer : { [row.done]: words[0] };
  if (options.json) return printJson(terminal, value);
  if (row.done !== undefined) terminal.stdout.write(`${row.done} ${words[0]}\n`);
  else if (row.show) row.show(answer, given);
  else printJson(terminal, value);
}

function membersIn(row: CommandRow, words: readonly string[], options: Sent): Sent {
  const { skipped, names } = argumentMembers(row);
  const given = [
    ...names.map((name, index) => [name, words[skipped + index]] as const),
    ...memberOptions(row).map(({ name, member, option }) => {
      const value = options[attributeOf(option)];
      return [name, value === '' && member.isRemovable ? null : value] as const;
    }),
  ];
  return Object.fromEntries(given.filter(([, value]) => value !== undefined));
}

async function answerOf(
  row: CommandRow,
  { client, words, members }: Given,
  limit = Number.POSITIVE_INFINITY,
): Promise<unknown> {
  const { call } = row;
  const route = call && routeOf(call);
  if (call === undefined || route === undefined) throw new Error(`"${row.usage}" has nothing to run.`);
  const { pages, query = [] } = callOf(call);
  const { hasBody = false, hasQuery = false } = route;
  const membersOf = (isQuery: boolean) =>
    Object.fromEntries(
      Object.entries(members).filter(([name]) => (!hasBody || query.includes(name)) === isQuery),
    );
  // The row's members are those of the call.
  const send = Reflect.get(await client(), call) as (...args: unknown[]) => Promise<unknown>;
  const path = words.slice(0, argumentMembers(row).skipped);
  const ask = (page: Sent = {}) =>
    send(
      ...path,
      ...(hasBody ? [membersOf(false)] : []),
      ...(hasQuery ? [{ ...membersOf(true), ...page }] : []),
    );
  if (pages === undefined) return ask();
  const { list, cursor } = pages;
  const rows: unknown[] = [];
  for (let next = members[cursor]; ; ) {
    const page = await ask({ limit: Math.min(100, limit - rows.length), [cursor]: next });
    rows.push(...[memberOf(page, list)].flat());
    next = textIn(page, 'next');
    if (next === undefined || rows.length >= limit)
      return { [list]: rows, ...(next !== undefined && { next }) };
  }
}
