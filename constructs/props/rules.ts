/**
 * How a rule is checked and how it reads. Every wrong prop of a construct is named in one error, with the rule and its
 * source. Tokens pass: only Terraform knows their value. Nothing is trimmed or corrected.
 */
import { Token } from 'cdktf';
import type { Pattern } from './patterns';

/** Thrown when a construct is given props that AWS, Terraform or the service would refuse. */
export class InvalidPropsError extends Error {
  /** Stable, for programs. */
  readonly code = 'props_invalid';
  /** One sentence per wrong prop. */
  readonly problems: readonly string[];

  constructor(construct: string, problems: readonly string[]) {
    super(`${construct}:\n${problems.map((problem) => `  - ${problem}`).join('\n')}`);
    this.name = 'InvalidPropsError';
    this.problems = problems;
  }
}

/** Throws when there are problems, naming all of them. */
export function refuse(construct: string, problems: readonly (string | undefined)[]): void {
  const found = problems.filter((problem) => problem !== undefined);
  if (found.length > 0) throw new InvalidPropsError(construct, found);
}

/** The fault of a prop, if any. */
export type Problem = string | undefined;

export function mustBe(prop: string, rule: string, source: string, value: unknown): string {
  return `${prop} must be ${rule}; it is ${shown(value)} (${source})`;
}

/** A problem for each key that a prop doesn't have. */
export const unknownKeys = (prop: string, others: object, known: string, source: string): Problem[] =>
  Object.keys(others).map((key) => mustBe(`${prop}.${key.slice(0, 80)}`, `one of ${known}`, source, key));

export const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function shown(value: unknown): string {
  if (value === undefined) return 'missing';
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 80 ? `${text.slice(0, 77)}… (${text.length} characters)` : text;
}

export function matches(
  prop: string,
  value: unknown,
  fits: (text: string) => boolean,
  rule: string,
  source: string,
): Problem {
  if (Token.isUnresolved(value)) return undefined;
  return typeof value === 'string' && fits(value) ? undefined : mustBe(prop, rule, source, value);
}

/** A text that fits one of the patterns, or a token. */
export function fits(
  prop: string,
  value: unknown,
  pattern: Pattern,
  source: string,
  rule = pattern.rule,
): Problem {
  return matches(prop, value, (text) => pattern.fits.test(text), rule, source);
}

export function optional<T>(value: T | undefined, check: (value: T) => Problem): Problem {
  return value === undefined ? undefined : check(value);
}

export function wholeNumber(
  prop: string,
  value: unknown,
  least: number,
  most: number,
  what: string,
  source: string,
): Problem {
  if (Token.isUnresolved(value)) return undefined;
  return typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most
    ? undefined
    : mustBe(prop, `${what} from ${least} to ${most}`, source, value);
}

/** A text such as 'false' would count as yes. */
export function yesOrNo(prop: string, value: unknown, source: string): Problem {
  return optional(value, () =>
    typeof value === 'boolean' ? undefined : mustBe(prop, 'true or false', source, value),
  );
}
