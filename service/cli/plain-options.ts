import { parseArgs } from 'node:util';
import { attributeOf, type OptionRow } from './option-row.js';

type Parse = NonNullable<OptionRow['parse']>;

/**
 * Parses options without commander, which takes longer to load than the rest of `rolebridge credentials`.
 * @returns undefined for other words than declared options: commander then reports the error or prints help
 * @throws UsageError of an option's parser
 */
export function plainOptions(
  words: readonly string[],
  rows: readonly OptionRow[],
): Readonly<Record<string, unknown>> | undefined {
  const declared = rows.map((row) => {
    const [, short, name = '', value] = /^(?:-(\w), )?--([\w-]+)( <\w+(?:=\w+)?>)?$/.exec(row.flags) ?? [];
    const type = value === undefined ? 'boolean' : 'string';
    return [name, { type, ...(short !== undefined && { short }), multiple: true }] as const;
  });
  let given: ReturnType<typeof parseArgs>['values'];
  try {
    const options = Object.fromEntries(declared);
    given = parseArgs({ args: [...words], options, strict: true, allowPositionals: false }).values;
  } catch {
    return undefined;
  }
  const read = rows.flatMap((row, index) => {
    const values = given[declared[index]?.[0] ?? ''];
    if (values === undefined) return [];
    const { parse = last } = row;
    const value = [values]
      .flat()
      .reduce<unknown>((before, one) => (typeof one === 'string' ? parse(one, before) : one), undefined);
    return [[attributeOf(row), value]];
  });
  return Object.fromEntries(read);
}

const last: Parse = (value) => value;
