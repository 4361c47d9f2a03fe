/** What a condition came to; `unknown` when this evaluator can't tell what AWS would say. */
export type Verdict = 'match' | 'no-match' | 'unknown';

/**
 * Values of the condition keys, names in lower case. A key that is absent from the request has no values; one
 * that is not in the map at all is not known here.
 */
export type ConditionContext = ReadonlyMap<string, readonly string[]>;

type Comparison = (actual: string, expected: string) => boolean;

const COMPARISONS: Record<string, { compare: Comparison; negated: boolean }> = {
  StringEquals: { compare: (actual, expected) => actual === expected, negated: false },
  StringNotEquals: { compare: (actual, expected) => actual === expected, negated: true },
  StringEqualsIgnoreCase: { compare: equalsIgnoreCase, negated: false },
  StringNotEqualsIgnoreCase: { compare: equalsIgnoreCase, negated: true },
  StringLike: { compare: matchesPattern, negated: false },
  StringNotLike: { compare: matchesPattern, negated: true },
  ArnEquals: { compare: matchesArn, negated: false },
  ArnNotEquals: { compare: matchesArn, negated: true },
  ArnLike: { compare: matchesArn, negated: false },
  ArnNotLike: { compare: matchesArn, negated: true },
  Bool: { compare: equalsIgnoreCase, negated: false },
};

/** Operators that IAM has and that are not evaluated here. */
const NOT_EVALUATED =
  /^(Numeric(Not)?Equals|Numeric(Less|Greater)Than(Equals)?|Date(Not)?Equals|Date(Less|Greater)Than(Equals)?|BinaryEquals|(Not)?IpAddress)$/;

/** Names of keys that can be absent from a request: known, with no value, whatever follows the slash. */
const KNOWN_FAMILIES = ['aws:requesttag/', 'aws:principaltag/'];

/** A quantifier, an operator and its suffix, or undefined when IAM has no such operator. */
export function parseOperator(
  name: string,
): { quantifier?: string; operator: string; ifExists: boolean } | undefined {
  const match = /^(?:(ForAnyValue|ForAllValues):)?([A-Za-z]+?)(IfExists)?$/.exec(name);
  const operator = match?.[2];
  if (!operator) return undefined;
  const known = operator in COMPARISONS || operator === 'Null' || NOT_EVALUATED.test(operator);
  if (!known || (operator === 'Null' && match[3])) return undefined;
  return { ...(match[1] && { quantifier: match[1] }), operator, ifExists: match[3] !== undefined };
}

/** All operators and keys of a Condition block must match; one that can't be told makes the whole unknown. */
export function evaluateConditions(
  conditions: Record<string, Record<string, unknown>>,
  context: ConditionContext,
): Verdict {
  const verdicts = Object.entries(conditions).flatMap(([operator, keys]) =>
    Object.entries(keys).map(([key, expected]) => evaluateCondition(operator, key, expected, context)),
  );
  if (verdicts.includes('no-match')) return 'no-match';
  return verdicts.includes('unknown') ? 'unknown' : 'match';
}

function evaluateCondition(
  operatorName: string,
  key: string,
  expected: unknown,
  context: ConditionContext,
): Verdict {
  const parsed = parseOperator(operatorName);
  const actual = valuesOf(key, context);
  if (!parsed || !actual) return 'unknown';
  const resolved = [expected].flat().map((value) => resolveVariables(String(value), context));
  if (resolved.includes(undefined)) return 'unknown';
  const values = resolved as string[];

  if (parsed.operator === 'Null') {
    const absent = actual.length === 0;
    return values.some((value) => (value.toLowerCase() === 'true') === absent) ? 'match' : 'no-match';
  }
  const comparison = COMPARISONS[parsed.operator];
  if (!comparison) return 'unknown';
  if (actual.length === 0) return verdict(absentMatches(parsed, comparison.negated));

  // A negated operator with several values means "none of them".
  const holds = (value: string) =>
    values.some((pattern) => comparison.compare(value, pattern)) !== comparison.negated;
  return verdict(parsed.quantifier === 'ForAnyValue' ? actual.some(holds) : actual.every(holds));
}

/** The rule that makes ForAllValues, IfExists and the negated operators unfit to require an external ID. */
function absentMatches(parsed: { quantifier?: string; ifExists: boolean }, negated: boolean): boolean {
  if (parsed.quantifier === 'ForAllValues' || parsed.ifExists) return true;
  return parsed.quantifier === 'ForAnyValue' ? false : negated;
}

function verdict(matches: boolean): Verdict {
  return matches ? 'match' : 'no-match';
}

/** Condition keys have no letter case. */
function valuesOf(key: string, context: ConditionContext): readonly string[] | undefined {
  const name = key.toLowerCase();
  const known = KNOWN_FAMILIES.some((family) => name.startsWith(family)) ? [] : undefined;
  return context.get(name) ?? known;
}

/** `${aws:username}` and its like; undefined when a variable has no one value here. */
function resolveVariables(text: string, context: ConditionContext): string | undefined {
  let resolvable = true;
  const resolved = text.replace(/\$\{([^}]*)\}/g, (_, variable: string) => {
    if (['*', '?', '$'].includes(variable)) return variable;
    const values = valuesOf(variable.trim(), context);
    if (values?.length !== 1) resolvable = false;
    return values?.[0] ?? '';
  });
  return resolvable ? resolved : undefined;
}

function equalsIgnoreCase(actual: string, expected: string): boolean {
  return actual.toLowerCase() === expected.toLowerCase();
}

/** `*` is any text, `?` any one character. */
export function matchesPattern(actual: string, pattern: string): boolean {
  const source = pattern
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replace(/\*+/g, '.*')
    .replace(/\?/g, '.');
  return new RegExp(`^${source}$`, 's').test(actual);
}

/** ARNs are compared part by part: a `*` never reaches over one of the first five colons. */
function matchesArn(actual: string, pattern: string): boolean {
  const actualParts = arnParts(actual);
  const patternParts = arnParts(pattern);
  return (
    actualParts.length === 6 &&
    patternParts.length === 6 &&
    patternParts.every((part, index) => matchesPattern(actualParts[index] ?? '', part))
  );
}

function arnParts(arn: string): string[] {
  const parts = arn.split(':');
  return parts.length < 6 ? parts : [...parts.slice(0, 5), parts.slice(5).join(':')];
}
