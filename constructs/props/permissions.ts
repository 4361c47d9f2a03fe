/** The rules for the role's permissions. */
import { Token } from 'cdktf';
import { PRESET_POLICIES } from '../iam/permissions';
import { PATTERNS } from './patterns';
import {
  isObject,
  members,
  mustBe,
  type Problem,
  problemsOf,
  type Rule,
  type Rules,
  ruleOf,
  text,
  unknownKeys,
} from './rules';

const IAM_GUIDE = 'https://docs.aws.amazon.com/IAM/latest/UserGuide';
const PERMISSIONS = `${IAM_GUIDE}/access_policies.html`;

const preset = ruleOf(
  (value) => typeof value === 'string' && Object.hasOwn(PRESET_POLICIES, value),
  `one of ${Object.keys(PRESET_POLICIES).join(', ')}`,
  `${IAM_GUIDE}/access_policies_job-functions.html`,
);

const managedPolicy = text(
  {
    fits: { test: (name) => PATTERNS.policyArn.fits.test(name) || PATTERNS.policyName.fits.test(name) },
    rule: 'the name of an AWS managed policy or the ARN of a managed policy',
  },
  `${IAM_GUIDE}/access_policies_managed-vs-inline.html`,
);

/** Its length has to be known when the stack is synthesized. */
const listOf =
  (rule: Rule): Rule =>
  (prop, value) =>
    Array.isArray(value) && !Token.isUnresolved(value)
      ? value.flatMap((one) => rule(prop, one))
      : mustBe(prop, 'a list that is written in the code', PERMISSIONS, value);

const elementSource = (name: string) => `${IAM_GUIDE}/reference_policies_elements_${name}.html`;

/** A list that Terraform knows is judged at the apply. */
const texts = (fits: RegExp, rule: string, element: string): Rule => {
  const one = text({ fits, rule }, elementSource(element));
  return (prop, list) =>
    Array.isArray(list) && !Token.isUnresolved(list) ? list.flatMap((each) => one(prop, each)) : [];
};
const actions = (element: string) =>
  texts(/^(?:\*|\*:\*|[A-Za-z0-9-]+:[A-Za-z0-9*?]+)$/, 'service:Action, such as s3:GetObject', element);
const resources = (element: string) => texts(/^(?:\*|arn:[^\p{Cc}]+)$/u, 'an ARN, or *', element);

const STATEMENT: Rules = {
  effect: ruleOf((value) => value === 'Allow' || value === 'Deny', 'Allow or Deny', elementSource('effect')),
  sid: text({ fits: /^[A-Za-z0-9]+$/, rule: 'letters and digits' }, elementSource('sid')),
  actions: actions('action'),
  notActions: actions('notaction'),
  resources: resources('resource'),
  notResources: resources('notresource'),
  conditions: ruleOf(isConditions, '{ operator: { key: value or values } }', elementSource('condition')),
};

const statement: Rule = (prop, value) => {
  const source = `${IAM_GUIDE}/reference_policies_elements.html`;
  if (!isObject(value)) return mustBe(prop, 'a list of statements', source, value);
  const exactlyOne = (one: string, other: string): Problem => {
    const [given, ...more] = [value[one], value[other]].filter((list) => list !== undefined);
    const isFilled = Token.isUnresolved(given) || (Array.isArray(given) && given.length > 0);
    return isFilled && more.length === 0
      ? undefined
      : mustBe(prop, `given either ${one} or ${other}, with at least one entry`, source, value);
  };
  return [
    ...unknownKeys(prop, value, STATEMENT, source, 'the elements of a statement'),
    exactlyOne('actions', 'notActions'),
    exactlyOne('resources', 'notResources'),
    ...problemsOf(STATEMENT, value, [], `${prop} `),
  ];
};

function isConditions(value: unknown): boolean {
  const isValue = (one: unknown) => ['string', 'number', 'boolean'].includes(typeof one);
  const isKey = (key: string) => !/\p{Cc}|[$%]\{/u.test(key);
  const isBlock = (block: unknown) =>
    isObject(block) && Object.keys(block).every(isKey) && Object.values(block).flat().every(isValue);
  return (
    Token.isUnresolved(value) ||
    (isObject(value) &&
      Object.entries(value).every(
        ([operator, block]) =>
          /^(?:For\w+:)?[A-Za-z]+$/.test(operator) && (Token.isUnresolved(block) || isBlock(block)),
      ))
  );
}

const policies = members(
  'a preset or { preset, managedPolicies, statements }',
  { preset, managedPolicies: listOf(managedPolicy), statements: listOf(statement) },
  PERMISSIONS,
);

export const permissionsProblems: Rule = (prop, value) =>
  typeof value === 'string' ? preset(prop, value) : policies(prop, value);

export const managedPolicyProblem = (value: unknown) => managedPolicy('permissions.managedPolicies', value);

export const statementsProblems = (value: readonly unknown[]) =>
  listOf(statement)('permissions.statements', value);
