import { BlockList, isIP } from 'node:net';
import { AwsError } from './aws-error.js';

/** Values of the condition keys, names in lower case. A key that is not in the map is absent from the request. */
export type ConditionContext = ReadonlyMap<string, readonly string[]>;

type Compare = (actual: string, expected: string) => boolean;

/** `ordered` compares with -1, 0 or 1; undefined when a side is not of the type. */
type Order = (actual: string, expected: string) => number | undefined;

const equalsIgnoreCase: Compare = (actual, expected) => actual.toLowerCase() === expected.toLowerCase();

/** The operators of AWS's reference without their negations. Names have no letter case. */
const COMPARISONS: Record<string, Compare> = {
  stringequals: (actual, expected) => actual === literal(expected),
  stringequalsignorecase: (actual, expected) => equalsIgnoreCase(actual, literal(expected)),
  stringlike: matchesPattern,
  arnequals: matchesArn,
  arnlike: matchesArn,
  bool: equalsIgnoreCase,
  binaryequals: (actual, expected) => actual === expected,
  ipaddress: isInRange,
  ...orderings('numeric', orderOfNumbers),
  ...orderings('date', orderOfDates),
};

const NEGATIONS: Record<string, string> = {
  stringnotequals: 'stringequals',
  stringnotequalsignorecase: 'stringequalsignorecase',
  stringnotlike: 'stringlike',
  arnnotequals: 'arnequals',
  arnnotlike: 'arnlike',
  notipaddress: 'ipaddress',
  numericnotequals: 'numericequals',
  datenotequals: 'dateequals',
};

/** https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html */
const TAKES_VARIABLES = /^(string|arn)/;

interface Operator {
  quantifier: 'forallvalues' | 'foranyvalue' | undefined;
  /** A key of COMPARISONS or NEGATIONS, or `null`, in lower case. */
  name: string;
  ifExists: boolean;
}

/** A quantifier, an operator and its suffix; undefined when IAM has no such operator. */
export function parseOperator(text: string): Operator | undefined {
  const match = /^(?:(forallvalues|foranyvalue):)?([a-z]+?)(ifexists)?$/.exec(text.toLowerCase());
  const name = match?.[2] ?? '';
  const ifExists = match?.[3] !== undefined;
  const isKnown = [COMPARISONS, NEGATIONS].some((table) => Object.hasOwn(table, name));
  const isNull = name === 'null' && !ifExists;
  if (!isKnown && !isNull) return undefined;
  return { quantifier: match?.[1] as Operator['quantifier'], name, ifExists };
}

/**
 * Do all operators and keys of a Condition block match?
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-logic-multiple-context-keys-or-values.html
 */
export function evaluateConditions(
  conditions: Record<string, Record<string, unknown>>,
  context: ConditionContext,
  { variables }: { variables: boolean },
): boolean {
  return Object.entries(conditions).every(([operator, keys]) => {
    const parsed = parseOperator(operator);
    if (!parsed) throw cannotEvaluate(`the operator ${operator}`);
    return Object.entries(keys).every(([key, expected]) => {
      const values = [expected].flat().map(String);
      const resolved =
        variables && TAKES_VARIABLES.test(parsed.name)
          ? values.map((value) => resolveVariables(value, context))
          : values.map(escapeNothing);
      // A variable without a value and without a default: the statement doesn't match.
      if (resolved.includes(undefined)) return false;
      return matches(parsed, context.get(key.toLowerCase()) ?? [], resolved as string[]);
    });
  });
}

function matches({ quantifier, name, ifExists }: Operator, actual: readonly string[], expected: string[]) {
  if (name === 'null')
    return expected.some((value) => equalsIgnoreCase(value, 'true') === (actual.length === 0));
  const isNegated = name in NEGATIONS;
  const compare = COMPARISONS[NEGATIONS[name] ?? name];
  if (!compare) throw cannotEvaluate(`the operator ${name}`);
  if (actual.length === 0) {
    if (ifExists || quantifier === 'forallvalues') return true;
    return isNegated && quantifier !== 'foranyvalue';
  }
  // A negated operator with several values means "none of them".
  const holds = (value: string) => expected.some((one) => compare(value, one)) !== isNegated;
  if (quantifier === 'forallvalues') return actual.every(holds);
  if (quantifier === 'foranyvalue') return actual.some(holds);
  return isNegated ? actual.every(holds) : actual.some(holds);
}

/** Private-use characters for a literal `*`, `?` and `$` that came from a variable. */
const LITERALS: Record<string, string> = { '*': '\uE000', '?': '\uE001', $: '\uE002' };
const ORIGINALS = Object.fromEntries(Object.entries(LITERALS).map(([original, mark]) => [mark, original]));

const literal = (text: string) => text.replace(/[\uE000-\uE002]/g, (mark) => ORIGINALS[mark] ?? mark);
const escapeLiterals = (text: string) => text.replace(/[*?$]/g, (mark) => LITERALS[mark] ?? mark);
const escapeNothing = (text: string): string | undefined => text;

/** `${aws:username}`, `${aws:PrincipalTag/team, 'none'}`, `${*}`. A policy without a Version of 2012 has none. */
export function resolveVariables(text: string, context: ConditionContext): string | undefined {
  let isResolved = true;
  const resolved = text.replace(/\$\{([^}]*)\}/g, (whole, content: string) => {
    if (Object.hasOwn(LITERALS, content)) return escapeLiterals(content);
    const [, name, fallback] = /^\s*([^,\s]+)\s*(?:,\s*'([^']*)'\s*)?$/.exec(content) ?? [];
    if (name === undefined) throw cannotEvaluate(`the variable ${whole}`);
    const values = context.get(name.toLowerCase()) ?? [];
    if (values.length > 1) throw cannotEvaluate(`the variable ${whole}, which has several values`);
    const value = values[0] ?? fallback;
    if (value === undefined) isResolved = false;
    return escapeLiterals(value ?? '');
  });
  return isResolved ? resolved : undefined;
}

/** `*` is any text, `?` any one character. In linear space, and without a regular expression's bad cases. */
export function matchesPattern(actual: string, pattern: string): boolean {
  let at = 0;
  let of = 0;
  let star = -1;
  let retryAt = 0;
  while (at < actual.length) {
    const expected = pattern[of];
    if (expected === '*') {
      star = of++;
      retryAt = at;
    } else if (expected === '?' || (expected !== undefined && literal(expected) === actual[at])) {
      at++;
      of++;
    } else if (star >= 0) {
      of = star + 1;
      at = ++retryAt;
    } else return false;
  }
  while (pattern[of] === '*') of++;
  return of === pattern.length;
}

/** ARNs are compared part by part: a `*` never reaches over one of the first five colons. */
function matchesArn(actual: string, pattern: string): boolean {
  const actualParts = arnParts(actual);
  const patternParts = arnParts(pattern);
  if (actualParts.length < 6) return false;
  if (pattern === '*') return true;
  return (
    patternParts.length === 6 &&
    patternParts.every((part, index) => matchesPattern(actualParts[index] ?? '', part))
  );
}

function arnParts(arn: string): string[] {
  const parts = arn.split(':');
  return parts.length < 6 ? parts : [...parts.slice(0, 5), parts.slice(5).join(':')];
}

function orderings(type: string, order: Order): Record<string, Compare> {
  const compare =
    (holds: (difference: number) => boolean): Compare =>
    (actual, expected) => {
      const difference = order(actual, expected);
      return difference !== undefined && holds(difference);
    };
  return {
    [`${type}equals`]: compare((difference) => difference === 0),
    [`${type}lessthan`]: compare((difference) => difference < 0),
    [`${type}lessthanequals`]: compare((difference) => difference <= 0),
    [`${type}greaterthan`]: compare((difference) => difference > 0),
    [`${type}greaterthanequals`]: compare((difference) => difference >= 0),
  };
}

function orderOfNumbers(actual: string, expected: string): number | undefined {
  if (!isNumber(expected)) throw cannotEvaluate(`the number ${JSON.stringify(expected)}`);
  return isNumber(actual) ? Number(actual) - Number(expected) : undefined;
}

const isNumber = (text: string) => /^[+-]?\d+(\.\d+)?$/.test(text.trim());

function orderOfDates(actual: string, expected: string): number | undefined {
  const limit = readDate(expected);
  if (limit === undefined) throw cannotEvaluate(`the date ${JSON.stringify(expected)}`);
  const date = readDate(actual);
  return date === undefined ? undefined : date - limit;
}

/** One of the W3C's forms of ISO 8601, or seconds since 1970. */
function readDate(text: string): number | undefined {
  if (isNumber(text)) return Number(text) * 1000;
  const isDate = /^\d{4}(-\d\d(-\d\d(T\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)?)?)?)?$/.test(text);
  const time = isDate
    ? Date.parse(/T.*[\d.]$/.test(text) && !/[+-]\d\d:?\d\d$/.test(text) ? `${text}Z` : text)
    : NaN;
  return Number.isNaN(time) ? undefined : time;
}

function isInRange(actual: string, range: string): boolean {
  const [address = '', bits] = range.split('/');
  const family = isIP(address);
  const size = bits === undefined ? (family === 6 ? 128 : 32) : Number(bits);
  if (family === 0 || !/^\d{1,3}$/.test(bits ?? '0') || size > (family === 6 ? 128 : 32))
    throw cannotEvaluate(`the IP range ${JSON.stringify(range)}`);
  if (isIP(actual) !== family) return false;
  const type = family === 6 ? 'ipv6' : 'ipv4';
  const list = new BlockList();
  list.addSubnet(address, size, type);
  return list.check(actual, type);
}

/** A loud error, never AccessDenied: a mock that denies unknown conditions hides open roles. */
export function cannotEvaluate(what: string): AwsError {
  return new AwsError('SandboxCannotEvaluate', `The AWS sandbox can't evaluate ${what}.`);
}
