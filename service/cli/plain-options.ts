import { parseArgs } from 'node:util';
import type { OptionTaker } from './option-taker.js';

type Parse = (text: string, before: unknown) => unknown;
interface Option {
  readonly type: 'string' | 'boolean';
  readonly short?: string;
  readonly multiple: true;
  readonly parse: Parse;
}

/**
 * Reads options without commander, which takes longer to load than all else that a short command does.
 * @param declare declares the options, as for commander
 * @returns undefined for everything but options as they are declared: commander says then what is wrong, or shows help
 * @throws UsageError of a parser of an option
 */
export function plainOptions(
  words: readonly string[],
  declare: (taker: OptionRecorder) => unknown,
): Readonly<Record<string, unknown>> | undefined {
  const recorder = new OptionRecorder();
  declare(recorder);
  const options = Object.fromEntries(recorder.options);
  let given: ReturnType<typeof parseArgs>['values'];
  try {
    given = parseArgs({ args: [...words], options, strict: true, allowPositionals: false }).values;
  } catch {
    return undefined;
  }
  const read = Object.entries(given).map(([name, values]) => {
    const parse = recorder.options.get(name)?.parse ?? last;
    const value = [values]
      .flat()
      .reduce<unknown>((before, one) => (typeof one === 'string' ? parse(one, before) : one), undefined);
    return [camelCase(name), value];
  });
  return Object.fromEntries(read);
}

const last: Parse = (value) => value;

/** Takes options as a command of commander's does, and keeps them. */
class OptionRecorder implements OptionTaker<OptionRecorder> {
  readonly options = new Map<string, Option>();

  option(flags: string, _description: string, parse: Parse = last): this {
    const [, short, name = '', value] = /^(?:-(\w), )?--([\w-]+)( <\w+(?:=\w+)?>)?$/.exec(flags) ?? [];
    const type = value === undefined ? 'boolean' : 'string';
    this.options.set(name, { type, ...(short !== undefined && { short }), multiple: true, parse });
    return this;
  }
}

const camelCase = (name: string) => name.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
