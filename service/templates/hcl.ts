import { hclText } from './quoting.js';

/** Parts of Terraform's language, as its formatter has them. */
export const list = (texts: readonly string[]): string => `[${texts.map(hclText).join(', ')}]`;

/** Equals signs of neighbours stand below each other, as the formatter of Terraform has them. */
export function attributes(indent: string, given: [string, string | undefined | false | '' | 0][]): string {
  const present = given.filter(([, value]) => value);
  const width = Math.max(...present.map(([name]) => name.length));
  return present.map(([name, value]) => `${indent}${name.padEnd(width)} = ${value}\n`).join('');
}
