import { hclText } from './quoting.js';

/** Parts of HCL in the layout of `terraform fmt`. */
export const list = (texts: readonly string[]): string => `[${texts.map(hclText).join(', ')}]`;

/** Attributes with aligned equals signs. */
export function attributes(indent: string, given: [string, string | undefined | false | '' | 0][]): string {
  const present = given.filter(([, value]) => value);
  const width = Math.max(...present.map(([name]) => name.length));
  return present.map(([name, value]) => `${indent}${name.padEnd(width)} = ${value}\n`).join('');
}

/** A JSON value as an HCL expression. */
export function hclValue(value: unknown, indent = ''): string {
  const inner = `${indent}  `;
  if (typeof value === 'string') return hclText(value);
  if (Array.isArray(value))
    return value.length > 1 && value.every((each) => typeof each === 'object')
      ? `[\n${value.map((each) => `${inner}${hclValue(each, inner)},\n`).join('')}${indent}]`
      : value.every((each) => typeof each === 'object')
        ? `[${value.map((each) => hclValue(each, indent)).join(', ')}]`
        : `[${value.map((each) => hclValue(each, inner)).join(', ')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const key = (name: string) => (/^[A-Za-z_]\w*$/.test(name) ? name : hclText(name));
  const entries = Object.entries(value).map(([name, each]) => [key(name), hclValue(each, inner)] as const);
  const [only, ...others] = entries;
  if (only !== undefined && others.length === 0 && !only[1].includes('\n'))
    return `{ ${only[0]} = ${only[1]} }`;
  const lines = entries.map(
    ([name, text], index) => `${inner}${name.padEnd(widthAt(entries, index))} = ${text}\n`,
  );
  return `{\n${lines.join('')}${indent}}`;
}

/** The width of a name: `terraform fmt` aligns adjacent one-line values, and leaves multi-line values alone. */
function widthAt(entries: readonly (readonly [string, string])[], index: number): number {
  const isShort = (at: number) => entries[at] !== undefined && !entries[at][1].includes('\n');
  if (!isShort(index)) return 0;
  let [first, last] = [index, index];
  while (isShort(first - 1)) first -= 1;
  while (isShort(last + 1)) last += 1;
  return Math.max(...entries.slice(first, last + 1).map(([name]) => name.length));
}
