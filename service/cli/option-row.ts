import { UsageError } from './failure.js';

/** An option: its flags, description, and how its text is read. */
export interface OptionRow {
  readonly flags: string;
  readonly about: string;
  /** @throws UsageError */
  // biome-ignore lint/suspicious/noExplicitAny: commander's own type of the value before.
  readonly parse?: (text: string, before: any) => unknown;
  readonly initial?: string | number;
  readonly isRequired?: true;
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

/** The name under which the value of an option is kept. */
export const attributeOf = ({ flags }: OptionRow): string => camelCase(/--([\w-]+)/.exec(flags)?.[1] ?? '');

export const camelCase = (name: string): string =>
  name.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
