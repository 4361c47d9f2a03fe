/** The rules for the role's permissions. */
import { Token } from 'cdktf';
import { PRESET_POLICIES } from '../iam/permissions';
import { PATTERNS } from './patterns';
import { isObject, matches, mustBe, optional, type Problem, unknownKeys } from './rules';

const IAM_GUIDE = 'https://docs.aws.amazon.com/IAM/latest/UserGuide';

export function managedPolicyProblem(value: unknown): Problem {
  return matches(
    'permissions.managedPolicies',
    value,
    (text) => PATTERNS.policyArn.fits.test(text) || PATTERNS.policyName.fits.test(text),
    'the name of an AWS managed policy or the ARN of a managed policy',
    `${IAM_GUIDE}/access_policies_managed-vs-inline.html`,
  );
}

export function permissionsProblems(value: unknown): Problem[] {
  if (value === undefined) return [];
  const source = `${IAM_GUIDE}/access_policies.html`;
  if (typeof value === 'string') return [presetProblem('permissions', value)];
  if (!isObject(value))
    return [mustBe('permissions', 'a preset or { preset, managedPolicies, statements }', source, value)];
  const { preset, managedPolicies, statements, ...others } = value;
  return [
    ...unknownKeys('permissions', others, 'preset, managedPolicies, statements', source),
    optional(preset, (name) => presetProblem('permissions.preset', name)),
    ...each('permissions.managedPolicies', managedPolicies, source, managedPolicyProblem),
    ...each('permissions.statements', statements, source, statementProblems),
  ];
}

/** Of each member of a list. Its length has to be known when the stack is synthesized. */
function each(
  prop: string,
  value: unknown,
  source: string,
  problemsOf: (one: unknown) => Problem | Problem[],
): Problem[] {
  if (value === undefined) return [];
  if (!Array.isArray(value) || Token.isUnresolved(value))
    return [mustBe(prop, 'a list that is written in the code', source, value)];
  return value.flatMap((one) => problemsOf(one));
}

function presetProblem(prop: string, value: unknown): Problem {
  return typeof value === 'string' && Object.hasOwn(PRESET_POLICIES, value)
    ? undefined
    : mustBe(
        prop,
        `one of ${Object.keys(PRESET_POLICIES).join(', ')}`,
        `${IAM_GUIDE}/access_policies_job-functions.html`,
        value,
      );
}

export function statementProblems(value: unknown): Problem[] {
  const source = `${IAM_GUIDE}/reference_policies_elements.html`;
  // `notActions` is on the page of NotAction.
  const sourceOf = (name: string) =>
    `${IAM_GUIDE}/reference_policies_elements_${name.toLowerCase().replace(/s$/, '')}.html`;
  const prop = 'permissions.statements';
  if (!isObject(value)) return [mustBe(prop, 'a list of statements', source, value)];
  const { sid, effect, actions, notActions, resources, notResources, conditions, ...others } = value;
  const exactlyOne = (one: string, other: string): Problem => {
    const [given, ...more] = [value[one], value[other]].filter((list) => list !== undefined);
    const isFilled = Token.isUnresolved(given) || (Array.isArray(given) && given.length > 0);
    return isFilled && more.length === 0
      ? undefined
      : mustBe(prop, `given either ${one} or ${other}, with at least one entry`, source, value);
  };
  const texts = (name: string, list: unknown, rule: string, fits: (text: string) => boolean): Problem[] =>
    Token.isUnresolved(list) || !Array.isArray(list)
      ? []
      : list.map((one) => matches(`${prop} ${name}`, one, fits, rule, sourceOf(name)));
  return [
    ...unknownKeys(prop, others, 'the elements of a statement', source),
    exactlyOne('actions', 'notActions'),
    exactlyOne('resources', 'notResources'),
    effect === undefined || effect === 'Allow' || effect === 'Deny'
      ? undefined
      : mustBe(`${prop} effect`, 'Allow or Deny', sourceOf('effect'), effect),
    optional(sid, () =>
      matches(
        `${prop} sid`,
        sid,
        (text) => /^[A-Za-z0-9]+$/.test(text),
        'letters and digits',
        sourceOf('sid'),
      ),
    ),
    ...Object.entries({ actions, notActions }).flatMap(([name, list]) =>
      texts(name, list, 'service:Action, such as s3:GetObject', (text) => ACTION.test(text)),
    ),
    ...Object.entries({ resources, notResources }).flatMap(([name, list]) =>
      texts(name, list, 'an ARN, or *', (text) => /^(?:\*|arn:[^\p{Cc}]+)$/u.test(text)),
    ),
    ...conditionsProblems(`${prop} conditions`, conditions),
  ];
}

const ACTION = /^(?:\*|\*:\*|[A-Za-z0-9-]+:[A-Za-z0-9*?]+)$/;

function conditionsProblems(prop: string, value: unknown): Problem[] {
  const source = `${IAM_GUIDE}/reference_policies_elements_condition.html`;
  if (value === undefined || Token.isUnresolved(value)) return [];
  const isValue = (one: unknown) => ['string', 'number', 'boolean'].includes(typeof one);
  const isKey = (key: string) => !/\p{Cc}|[$%]\{/u.test(key);
  const isBlock = (block: unknown) =>
    isObject(block) && Object.keys(block).every(isKey) && Object.values(block).flat().every(isValue);
  const isConditions =
    isObject(value) &&
    Object.entries(value).every(
      ([operator, block]) =>
        /^(?:For\w+:)?[A-Za-z]+$/.test(operator) && (Token.isUnresolved(block) || isBlock(block)),
    );
  return isConditions ? [] : [mustBe(prop, '{ operator: { key: value or values } }', source, value)];
}
