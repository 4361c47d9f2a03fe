import type { Terminal } from './terminal.js';

type Output = Pick<Terminal, 'stdout'>;

/** Text of a service or a file can't move the cursor or hide text. */
export const printable = (text: string): string =>
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are removed.
  text.replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, '�');

export const printJson = (terminal: Output, value: unknown): void =>
  void terminal.stdout.write(`${JSON.stringify(value, undefined, 2)}\n`);

/** Columns fit their content; nothing is cut, so that ids can be copied. */
export function printTable(
  terminal: Output,
  headings: readonly string[],
  rows: readonly (readonly (string | undefined)[])[],
): void {
  const cells = [headings, ...rows].map((row) => row.map((cell) => printable(cell || '-')));
  const widths = headings.map((_, column) =>
    Math.max(...cells.map((row) => [...(row[column] ?? '')].length)),
  );
  for (const row of cells) {
    const line = row.map((cell, column) => cell + ' '.repeat((widths[column] ?? 0) - [...cell].length));
    terminal.stdout.write(`${line.join('  ').trimEnd()}\n`);
  }
}

/** Names and values, one per line, without undefined ones. */
export function printValues(terminal: Output, values: Readonly<Record<string, string | undefined>>): void {
  const shown = Object.entries(values).filter((entry): entry is [string, string] => entry[1] !== undefined);
  const width = Math.max(...shown.map(([name]) => name.length));
  for (const [name, value] of shown) terminal.stdout.write(`${name.padEnd(width)}  ${printable(value)}\n`);
}
