import type { CommandRow } from './command-row.js';
import { routeOf } from './options-of.js';

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

function sends({ call }: CommandRow, method: string, path: string): boolean {
  const route = call && routeOf(call);
  return route?.method === method && withoutNames(route.path) === withoutNames(path);
}

const withoutNames = (path: string): string => path.replace(/\{\w+\}/g, '{}');
