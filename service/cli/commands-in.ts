import type { CommandRow } from './command-row.js';
import { argumentMembers, memberOptions, partsOf, routeOf } from './options-of.js';

/** Puts commands and options in the place of the API's calls and members, for the command that you gave. */
export function forTerminal(
  table: readonly CommandRow[],
  given: readonly string[],
): (text: string) => string {
  const row = table.find((each) => partsOf(each).words.every((word, index) => given[index] === word));
  return (text) => optionsIn(commandsIn(text, table), row);
}

/** The service's texts name calls of its API. A reader at a terminal gets the command of each call. */
export function commandsIn(text: string, table: readonly CommandRow[]): string {
  return text.replace(
    /\b(GET|POST|PUT|PATCH|DELETE) (\/v1\/[\w{}/-]+)(?:\?(\w+)=(\w+))?/g,
    (call, method: string, path: string, parameter?: string, value?: string) => {
      const row = table.find((each) => sends(each, method, path));
      const option = parameter === undefined ? '' : ` --${parameter} ${value}`;
      return row === undefined ? call : `"rolebridge ${row.usage}${option}"`;
    },
  );
}

/** The service names a wrong member of a request (`body.expiresInSeconds`). You gave it as an option or argument. */
function optionsIn(text: string, row: CommandRow | undefined): string {
  if (row === undefined) return text;
  const options = memberOptions(row).map(({ name, option }) => [name, option.flags.split(' ')[0]] as const);
  const given = new Map([
    ...options,
    ...argumentMembers(row).names.map((name) => [name, `<${name}>`] as const),
  ]);
  return text.replace(/\b(?:body|query)\.(\w+)/g, (member, name: string) => given.get(name) ?? member);
}

function sends({ call }: CommandRow, method: string, path: string): boolean {
  const route = call && routeOf(call);
  return route?.method === method && withoutNames(route.path) === withoutNames(path);
}

const withoutNames = (path: string): string => path.replace(/\{\w+\}/g, '{}');
