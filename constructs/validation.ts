/**
 * The rules for the props of the role, and how a rule is told. Every wrong prop of a construct is named in one error, with the rule and where the rule
 * comes from. Tokens pass: only Terraform knows their value. Nothing is trimmed or corrected.
 */
import { Token } from 'cdktf';
import { type Permissions, type PolicyStatement, PRESET_POLICIES } from './permissions';
import { isWholeAccount, PARTITIONS, type Partition, partitionOf } from './trust-policy';

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

const IAM_GUIDE = 'https://docs.aws.amazon.com/IAM/latest/UserGuide';
const IAM_API = 'https://docs.aws.amazon.com/IAM/latest/APIReference';
const STS_API = 'https://docs.aws.amazon.com/STS/latest/APIReference';

const ACCOUNT_ID = /^(?!0{12})[0-9]{12}$/;
const PARTITION_PATTERN = PARTITIONS.join('|');
// Wildcards and quotes are not in IAM's pattern for names, so an ARN that matches names exactly one principal.
const PRINCIPAL_ARN = new RegExp(
  `^arn:(?:${PARTITION_PATTERN}):iam::(?!0{12})[0-9]{12}:(?:root|(?:role|user)/(?:[\\w+=,.@-]+/)*[\\w+=,.@-]{1,64})$`,
);
const POLICY_ARN = new RegExp(
  `^arn:(?:${PARTITION_PATTERN}):iam::(?:aws|[0-9]{12}):policy/(?:[\\w+=,.@-]+/)*[\\w+=,.@-]{1,128}$`,
);
const POLICY_NAME = /^(?:[\w+=,.@-]+\/)*[\w+=,.@-]{1,128}$/;

/** What is wrong with a prop, if anything is. */
export type Problem = string | undefined;

export function mustBe(prop: string, rule: string, source: string, value: unknown): string {
  return `${prop} must be ${rule}; it is ${shown(value)} (${source})`;
}

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

export function optional<T>(value: T | undefined, check: (value: T) => Problem): Problem {
  return value === undefined ? undefined : check(value);
}

export function externalIdProblem(value: unknown): Problem {
  return matches(
    'externalId',
    value,
    (text) => /^[\w+=,.@:/-]{2,1224}$/.test(text),
    '2–1224 characters of [A-Za-z0-9_+=,.@:/-], and is never optional: without it, anyone the vendor lets in could be sent to this role',
    `${STS_API}/API_AssumeRole.html`,
  );
}

export function principalProblems(principal: unknown, partition: unknown): Problem[] {
  const source = `${IAM_GUIDE}/reference_policies_elements_principal.html`;
  const rule = `the vendor's account id (12 digits) or the ARN of one role, one user or an account root; never a wildcard`;
  if (Token.isUnresolved(principal)) return [];
  const principals: unknown[] = Array.isArray(principal) ? principal : [principal];
  if (principals.length === 0)
    return [mustBe('principal', 'at least one principal of the vendor', source, principal)];
  const problems = principals.map((each) =>
    matches('principal', each, (text) => ACCOUNT_ID.test(text) || PRINCIPAL_ARN.test(text), rule, source),
  );
  const named = new Set(
    principals.flatMap((each) => (typeof each === 'string' ? (partitionOf(each) ?? []) : [])),
  );
  if (typeof partition === 'string' && PARTITIONS.some((known) => known === partition))
    named.add(partition as Partition);
  if (named.size > 1)
    problems.push(
      `principal and partition must name one partition; they name ${[...named].join(' and ')} (credentials of one partition never assume a role of another: ${IAM_GUIDE}/reference-arns.html)`,
    );
  return problems;
}

export function partitionProblem(value: unknown): Problem {
  return optional(value, () =>
    PARTITIONS.some((known) => known === value)
      ? undefined
      : mustBe('partition', `one of ${PARTITIONS.join(', ')}`, `${IAM_GUIDE}/reference-arns.html`, value),
  );
}

export function roleNameProblems(roleName: unknown, roleNamePrefix: unknown): Problem[] {
  const source = `${IAM_API}/API_CreateRole.html`;
  return [
    roleName !== undefined && roleNamePrefix !== undefined
      ? `roleName and roleNamePrefix must not both be given (https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/iam_role#name_prefix)`
      : undefined,
    optional(roleName, (value) =>
      matches(
        'roleName',
        value,
        (text) => /^[\w+=,.@-]{1,64}$/.test(text),
        '1–64 characters of [A-Za-z0-9_+=,.@-]',
        source,
      ),
    ),
    optional(roleNamePrefix, (value) =>
      matches(
        'roleNamePrefix',
        value,
        (text) => /^[\w+=,.@-]{1,38}$/.test(text),
        `1–38 characters of [A-Za-z0-9_+=,.@-] (Terraform adds 26 to IAM's limit of 64)`,
        source,
      ),
    ),
  ];
}

export function pathProblem(value: unknown): Problem {
  return optional(value, () =>
    matches(
      'path',
      value,
      (text) => text.length <= 512 && /^\/(?:[\w+=,.@-]+\/)*$/.test(text) && !text.includes('/../'),
      '"/" or "/…/" with names of [A-Za-z0-9_+=,.@-] between the slashes, at most 512 characters',
      `${IAM_API}/API_CreateRole.html`,
    ),
  );
}

export function descriptionProblem(value: unknown): Problem {
  return optional(value, () =>
    matches(
      'description',
      value,
      (text) => /^[\t\n\r\x20-\x7e\xa1-\xff]{0,1000}$/.test(text),
      'at most 1,000 characters of Latin-1 text',
      `${IAM_API}/API_CreateRole.html`,
    ),
  );
}

export function tagsProblems(value: unknown): Problem[] {
  const source = `${IAM_GUIDE}/id_tags.html`;
  if (value === undefined || Token.isUnresolved(value)) return [];
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return [mustBe('tags', 'an object of strings', source, value)];
  const entries = Object.entries(value);
  return [
    entries.length > 50 ? `tags must be at most 50; they are ${entries.length} (${source})` : undefined,
    ...entries.flatMap(([key, text]) => [
      matches(
        `the key of tags['${key}']`,
        key,
        (name) => /^[\p{L}\p{Z}\p{N}_.:/=+\-@]{1,128}$/u.test(name) && !/^aws:/i.test(name),
        '1–128 characters that IAM takes, and not begin with aws:',
        source,
      ),
      matches(
        `tags['${key}']`,
        text,
        (name) => /^[\p{L}\p{Z}\p{N}_.:/=+\-@]{0,256}$/u.test(name),
        'at most 256 characters that IAM takes',
        source,
      ),
    ]),
  ];
}

export function maxSessionDurationProblem(value: unknown): Problem {
  return optional(value, () =>
    wholeNumber(
      'maxSessionDuration',
      value,
      3600,
      43_200,
      'a whole number of seconds',
      `${IAM_API}/API_CreateRole.html`,
    ),
  );
}

export function permissionsBoundaryProblem(value: unknown): Problem {
  return optional(value, () =>
    matches(
      'permissionsBoundary',
      value,
      (text) => POLICY_ARN.test(text),
      'the ARN of a managed policy',
      `${IAM_GUIDE}/access_policies_boundaries.html`,
    ),
  );
}

export function managedPolicyProblem(value: unknown): Problem {
  return matches(
    'permissions.managedPolicies',
    value,
    (text) => POLICY_ARN.test(text) || POLICY_NAME.test(text),
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

export function expectedAccountIdProblem(value: unknown): Problem {
  return optional(value, () =>
    matches(
      'expectedAccountId',
      value,
      (text) => ACCOUNT_ID.test(text),
      'an account id: 12 digits',
      'https://docs.aws.amazon.com/accounts/latest/reference/manage-acct-identifiers.html',
    ),
  );
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

/** The principals that are whole accounts, for the warning about them. */
export function wholeAccounts(principals: readonly string[]): string[] {
  return principals.filter((principal) => !Token.isUnresolved(principal) && isWholeAccount(principal));
}
