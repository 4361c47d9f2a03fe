import { readFileSync } from 'node:fs';
import { codeOf, messageOf } from '../unknown-value.js';
import { UsageError } from './failure.js';

/** An option: its flags, description, and the parser of its text. */
export interface OptionRow {
  readonly flags: string;
  readonly about: string;
  /** @throws UsageError */
  // biome-ignore lint/suspicious/noExplicitAny: commander's own type of the value before.
  readonly parse?: (text: string, before: any) => unknown;
  readonly initial?: string | number;
  readonly isRequired?: true;
  /** The name of an option that can't be given beside this one. */
  readonly conflicts?: string;
}

export const jsonOption: OptionRow = { flags: '--json', about: 'print JSON, including errors' };

/** A parser of an option. @throws UsageError */
export const wholeNumber = (name: string, least: number, most: number) => (text: string) => {
  const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= least && value <= most) return value;
  throw new UsageError(
    `${name} must be a whole number from ${least} to ${most}, not ${JSON.stringify(text)}.`,
  );
};

/** A parser of an option that has one of some values. @throws UsageError */
export const oneOf =
  <Value extends string>(name: string, values: readonly Value[]) =>
  (text: string): Value => {
    const value = values.find((known) => known === text);
    if (value !== undefined) return value;
    throw new UsageError(`${name} must be one of ${values.join(', ')}, not ${JSON.stringify(text)}.`);
  };

/** A parser of an option that repeats, once for each pair. @throws UsageError */
export const nameValue =
  (name: string, form = 'NAME=VALUE') =>
  (text: string, before?: Readonly<Record<string, string>>): Readonly<Record<string, string>> => {
    const at = text.indexOf('=');
    if (at < 1) throw new UsageError(`${name} must be ${form}, not ${JSON.stringify(text)}.`);
    return { ...before, [text.slice(0, at)]: text.slice(at + 1) };
  };

/** The content of a file; a parser of an option with a path. @throws UsageError */
export function fileText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new UsageError(
      `The file ${path} can't be read: ${codeOf(error) ?? messageOf(error)}.`,
      'Check the path and the permissions of the file.',
    );
  }
}

/** The name of an option's value: `--api-key-file <path>` is `apiKeyFile`. */
export const attributeOf = ({ flags }: OptionRow): string => camelCase(/--([\w-]+)/.exec(flags)?.[1] ?? '');

export const camelCase = (name: string): string =>
  name.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
