export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
type JsonObject = { [key: string]: Json };

/** A statement within IAM's grammar. */
export interface Statement {
  readonly effect: 'Allow' | 'Deny';
  /** Undefined: the statement has NotPrincipal. */
  readonly principals: readonly { readonly type: string; readonly name: string }[] | undefined;
  /** Undefined: the statement has NotAction. */
  readonly actions: readonly string[] | undefined;
  readonly condition: { readonly [operator: string]: JsonObject };
  readonly text: string;
}

/** IAM's own limit of the parameter; no stored policy is longer. */
const maxLength = 131_072;
const maxQuoted = 2_000;

/**
 * The statements of a trust policy, or why they can't be judged: anything outside IAM's grammar, in IAM's exact spelling, is
 * not guessed at. https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
 */
export function parseTrustPolicy(text: string): Statement[] | string {
  if (text.length > maxLength) return 'The trust policy is longer than IAM allows.';
  let policy: Json;
  try {
    policy = JSON.parse(text);
  } catch {
    return 'The trust policy is not JSON.';
  }
  const repeated = repeatedKey(text);
  if (repeated !== undefined) return `The trust policy has ${repeated} twice in one object.`;
  if (!isObject(policy)) return 'The trust policy is not a JSON object.';
  const { Version, Statement: list, ...others } = policy;
  if (Version !== undefined && Version !== '2012-10-17' && Version !== '2008-10-17')
    return `The trust policy has the unknown Version ${JSON.stringify(Version)}.`;
  const unknown = Object.keys(others).find((element) => element !== 'Id');
  if (unknown !== undefined) return `The trust policy has the unknown element ${JSON.stringify(unknown)}.`;
  const statements = list === undefined ? [] : [list].flat();
  if (statements.length === 0) return 'The trust policy has no statement.';
  const read: Statement[] = [];
  for (const statement of statements) {
    const one = readStatement(statement);
    if (typeof one === 'string') return one;
    read.push(one);
  }
  return read;
}

function readStatement(json: Json): Statement | string {
  const text = JSON.stringify(json).slice(0, maxQuoted);
  const wrong = (what: string) => `The trust policy has a statement with ${what}: ${text}`;
  if (!isObject(json)) return wrong('no elements');
  const { Sid, Effect, Principal, NotPrincipal, Action, NotAction, Condition = {}, ...others } = json;
  const unknown = Object.keys(others)[0];
  if (unknown !== undefined) return wrong(`the unknown element ${JSON.stringify(unknown)}`);
  if (Effect !== 'Allow' && Effect !== 'Deny') return wrong('an unknown Effect');
  const actions = stringsOf(Action ?? NotAction);
  if (!actions || (Action === undefined) === (NotAction === undefined)) return wrong('unknown actions');
  const principals = principalsOf(Principal ?? NotPrincipal);
  if (!principals || (Principal === undefined) === (NotPrincipal === undefined))
    return wrong('unknown principals');
  if (!isCondition(Condition)) return wrong('an unknown Condition');
  return {
    effect: Effect,
    principals: Principal === undefined ? undefined : principals,
    actions: Action === undefined ? undefined : actions,
    condition: Condition,
    text,
  };
}

function principalsOf(principal: Json | undefined): Statement['principals'] {
  if (principal === '*') return [{ type: 'AWS', name: '*' }];
  if (principal === undefined || !isObject(principal)) return undefined;
  const named = Object.entries(principal).map(([type, names]) => ({ type, names: stringsOf(names) }));
  if (named.length === 0 || named.some(({ names }) => !names)) return undefined;
  return named.flatMap(({ type, names }) => (names ?? []).map((name) => ({ type, name })));
}

function isCondition(value: Json): value is { [operator: string]: JsonObject } {
  const isScalar = (item: Json) => ['string', 'number', 'boolean'].includes(typeof item);
  const hasValues = (keys: Json) =>
    isObject(keys) && Object.values(keys).every((values) => [values].flat().every(isScalar));
  return isObject(value) && Object.values(value).every(hasValues);
}

function stringsOf(value: Json | undefined): string[] | undefined {
  const list = value === undefined ? [] : [value].flat();
  const isString = (item: Json): item is string => typeof item === 'string';
  return list.length > 0 && list.every(isString) ? list : undefined;
}

const isObject = (value: Json): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** A key that an object has twice, in any letter case: parsers disagree on which of them counts. */
function repeatedKey(json: string): string | undefined {
  const open: Set<string>[] = [];
  let last = '';
  for (const [token] of json.matchAll(/"[^"\\]*(?:\\[\s\S][^"\\]*)*(?:"|\\?$)|[{}[\]:]/g)) {
    if (token === '{' || token === '[') open.push(new Set());
    else if (token === '}' || token === ']') open.pop();
    else if (token !== ':') last = token;
    else {
      const key = String(JSON.parse(last)).toLowerCase();
      if (open.at(-1)?.has(key)) return last;
      open.at(-1)?.add(key);
    }
  }
  return undefined;
}
