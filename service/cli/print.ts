import { memberOf } from '../unknown-value.js';
import type { Terminal } from './terminal.js';

type Output = Pick<Terminal, 'stdout'>;
type MemberOf<Item> = Item extends unknown ? keyof Item & string : never;

/** The headings of a table, each with the member that it shows, or a function of the item. */
export type Columns<Item> = Readonly<Record<string, MemberOf<Item> | ((item: Item) => unknown)>>;

/** Text of a service or a file can't move the cursor or hide text. */
export const printable = (text: string): string =>
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are removed.
  text.replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, '�');

export const printJson = (terminal: Output, value: unknown): void =>
  void terminal.stdout.write(`${JSON.stringify(value, undefined, 2)}\n`);

/** Columns fit their content; nothing is cut, so that ids can be copied. */
export function printTable<Item>(terminal: Output, items: readonly Item[], columns: Columns<Item>): void {
  const rows = items.map((item) =>
    Object.values(columns).map((column) =>
      cellText(typeof column === 'function' ? column(item) : memberOf(item, column)),
    ),
  );
  const lines = [Object.keys(columns), ...rows];
  const widths = Object.keys(columns).map((_, index) =>
    Math.max(...lines.map((line) => [...(line[index] ?? '')].length)),
  );
  for (const line of lines) {
    const cells = line.map((cell, index) => cell + ' '.repeat((widths[index] ?? 0) - [...cell].length));
    terminal.stdout.write(`${cells.join('  ').trimEnd()}\n`);
  }
}

function cellText(value: unknown): string {
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  return printable([value ?? ''].flat().join(' ')) || '-';
}

/** Names and values, one per line, without undefined ones. */
export function printValues(terminal: Output, values: Readonly<Record<string, string | undefined>>): void {
  const shown = Object.entries(values).filter((entry): entry is [string, string] => entry[1] !== undefined);
  const width = Math.max(...shown.map(([name]) => name.length));
  for (const [name, value] of shown) terminal.stdout.write(`${name.padEnd(width)}  ${printable(value)}\n`);
}

/** Metadata for `printValues`: no key of it can pass for another value. */
export const metadataValues = (metadata: Readonly<Record<string, string>> = {}): Record<string, string> =>
  Object.fromEntries(Object.entries(metadata).map(([key, value]) => [`metadata.${key}`, value]));
