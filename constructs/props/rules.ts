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

/** The fault of a prop, if any. */
export type Problem = string | undefined;
/** Judges the value of a prop. */
export type Rule = (prop: string, value: unknown) => Problem | Problem[];
export type Rules = Readonly<Record<string, Rule>>;

/** Throws when there are problems, naming all of them. */
export function refuse(construct: string, problems: Problem | Problem[]): void {
  const found = [problems].flat().filter((problem) => problem !== undefined);
  if (found.length > 0) throw new InvalidPropsError(construct, found);
}

/** The faults of every prop that has a rule. A missing prop has none unless it is required. */
export const problemsOf = (
  rules: Rules,
  props: Readonly<Record<string, unknown>>,
  required: readonly string[] = [],
  inside = '',
): Problem[] =>
  Object.entries(rules).flatMap(([name, rule]) =>
    props[name] === undefined && !required.includes(name) ? [] : rule(inside + name, props[name]),
  );

export function mustBe(prop: string, rule: string, source: string, value: unknown): string {
  return `${prop} must be ${rule}; it is ${shown(value)} (${source})`;
}

function shown(value: unknown): string {
  if (value === undefined) return 'missing';
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 80 ? `${text.slice(0, 77)}… (${text.length} characters)` : text;
}

/** Tokens are values like others here. */
export const ruleOf =
  (fits: (value: unknown) => boolean, rule: string, source: string): Rule =>
  (prop, value) =>
    fits(value) ? undefined : mustBe(prop, rule, source, value);

/** A text that fits, or a token. */
export const text = ({ fits, rule }: Pattern, source: string): Rule =>
  ruleOf(
    (value) => Token.isUnresolved(value) || (typeof value === 'string' && fits.test(value)),
    rule,
    source,
  );

export const seconds = (least: number, most: number, source: string): Rule =>
  ruleOf(
    (value) =>
      Token.isUnresolved(value) ||
      (typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most),
    `a whole number of seconds from ${least} to ${most}`,
    source,
  );

/** A text such as 'false' would count as yes. */
export const yesOrNo = (source: string): Rule =>
  ruleOf((value) => typeof value === 'boolean', 'true or false', source);

/** An object with members that have these rules, and no others. */
export const members =
  (shape: string, rules: Rules, source: string, required: readonly string[] = []): Rule =>
  (prop, value) => {
    if (!isObject(value)) return mustBe(prop, shape, source, value);
    return [...unknownKeys(prop, value, rules, source), ...problemsOf(rules, value, required, `${prop}.`)];
  };

/** A problem for each key that a prop doesn't have. */
export const unknownKeys = (
  prop: string,
  value: Readonly<Record<string, unknown>>,
  rules: Rules,
  source: string,
  known = Object.keys(rules).join(', '),
): Problem[] =>
  Object.keys(value)
    .filter((key) => !Object.hasOwn(rules, key))
    .map((key) => mustBe(`${prop}.${key.slice(0, 80)}`, `one of ${known}`, source, key));

export const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
