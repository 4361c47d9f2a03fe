/** The rules for the role's permissions. */
import { Token } from 'cdktf';
import { type Permissions, type PolicyStatement, PRESET_POLICIES } from '../iam/permissions';
import { PATTERNS } from './patterns';
import { matches, mustBe, optional, type Problem } from './rules';

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
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return [mustBe('permissions', 'a preset or { preset, managedPolicies, statements }', source, value)];
  const { preset, managedPolicies, statements, ...others } = value as Permissions & Record<string, unknown>;
  return [
    ...Object.keys(others).map((key) =>
      mustBe(`permissions.${key}`, 'one of preset, managedPolicies, statements', source, key),
    ),
    optional(preset, (name) => presetProblem('permissions.preset', name)),
    ...(managedPolicies ?? []).map(managedPolicyProblem),
    ...(statements ?? []).flatMap((statement) => statementProblems(statement)),
  ];
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

export function statementProblems(statement: PolicyStatement): Problem[] {
  const source = `${IAM_GUIDE}/reference_policies_elements.html`;
  const prop = 'permissions.statements';
  const exactlyOne = (one: 'actions' | 'resources', other: 'notActions' | 'notResources'): Problem => {
    const [given, ...more] = [statement[one], statement[other]].filter((list) => list !== undefined);
    const isFilled = Token.isUnresolved(given) || (Array.isArray(given) && given.length > 0);
    return isFilled && more.length === 0
      ? undefined
      : mustBe(prop, `given either ${one} or ${other}, with at least one entry`, source, statement);
  };
  return [
    exactlyOne('actions', 'notActions'),
    exactlyOne('resources', 'notResources'),
    statement.effect === undefined || ['Allow', 'Deny'].includes(statement.effect)
      ? undefined
      : mustBe(`${prop} effect`, 'Allow or Deny', source, statement.effect),
    optional(statement.sid, (sid) =>
      matches(`${prop} sid`, sid, (text) => /^[A-Za-z0-9]+$/.test(text), 'letters and digits', source),
    ),
    ...(Token.isUnresolved(statement.actions) ? [] : (statement.actions ?? [])).map((action) =>
      matches(
        `${prop} actions`,
        action,
        (text) => text === '*' || /^[A-Za-z0-9-]+:[A-Za-z0-9*?]+$/.test(text) || text === '*:*',
        'service:Action, such as s3:GetObject',
        source,
      ),
    ),
  ];
}
