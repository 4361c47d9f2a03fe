/** The rules for the props of the role. */
import { Token } from 'cdktf';
import { isWholeAccount, PARTITIONS, type Partition, partitionOf } from '../iam/trust-policy';
import { PATTERNS } from './patterns';
import { fits, matches, mustBe, optional, type Problem, wholeNumber, yesOrNo } from './rules';

const IAM_GUIDE = 'https://docs.aws.amazon.com/IAM/latest/UserGuide';
const IAM_API = 'https://docs.aws.amazon.com/IAM/latest/APIReference';
const PROVIDER_DOCS = 'https://developer.hashicorp.com/terraform/language/providers/configuration';
const STS_API = 'https://docs.aws.amazon.com/STS/latest/APIReference';

export function externalIdProblem(value: unknown): Problem {
  return fits(
    'externalId',
    value,
    PATTERNS.externalId,
    `${STS_API}/API_AssumeRole.html`,
    `${PATTERNS.externalId.rule}, and is never optional: without it, other customers could reach this role`,
  );
}

export function principalProblems(principal: unknown, partition: unknown): Problem[] {
  const source = `${IAM_GUIDE}/reference_policies_elements_principal.html`;
  if (Token.isUnresolved(principal)) return [];
  const principals: unknown[] = Array.isArray(principal) ? principal : [principal];
  if (principals.length === 0) return [mustBe('principal', 'at least one principal', source, principal)];
  const problems = principals.map((each) => fits('principal', each, PATTERNS.principal, source));
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
      // Terraform would evaluate what stands in braces.
      (text) => /^[\t\n\r\x20-\x7e\xa1-\xff]{0,1000}$/.test(text) && !/[$%]\{/.test(text),
      'at most 1,000 characters of Latin-1 text without ${ and %{',
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
        '1–128 characters that IAM accepts, and not begin with aws:',
        source,
      ),
      matches(
        `tags['${key}']`,
        text,
        (name) => /^[\p{L}\p{Z}\p{N}_.:/=+\-@]{0,256}$/u.test(name),
        'at most 256 characters that IAM accepts',
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
    fits('permissionsBoundary', value, PATTERNS.policyArn, `${IAM_GUIDE}/access_policies_boundaries.html`),
  );
}

export function expectedAccountIdProblem(value: unknown): Problem {
  return optional(value, () =>
    fits(
      'expectedAccountId',
      value,
      PATTERNS.accountId,
      'https://docs.aws.amazon.com/accounts/latest/reference/manage-acct-identifiers.html',
    ),
  );
}

/** The principals that are whole accounts, for the warning about them. */
export function wholeAccounts(principals: readonly string[]): string[] {
  return principals.filter((principal) => !Token.isUnresolved(principal) && isWholeAccount(principal));
}

const WARNINGS = [
  'whole-account-trust',
  'administrator-without-boundary',
  'trust-policy-size',
  'attached-policies-quota',
];

/** The props that are neither a text nor a number. */
export function choiceProblems(
  props: {
    readonly [name in
      | 'allowSessionTags'
      | 'allowSourceIdentity'
      | 'selfInspection'
      | 'simulatePermissions'
      | 'acknowledge'
      | 'provider']?: unknown;
  },
): Problem[] {
  const { allowSessionTags, allowSourceIdentity, selfInspection, simulatePermissions } = props;
  const { acknowledge, provider } = props;
  const isProvider = typeof provider === 'object' && provider !== null && 'fqn' in provider;
  const isWarnings = Array.isArray(acknowledge) && acknowledge.every((each) => WARNINGS.includes(each));
  return [
    yesOrNo('allowSessionTags', allowSessionTags, `${IAM_GUIDE}/id_session-tags.html`),
    yesOrNo(
      'allowSourceIdentity',
      allowSourceIdentity,
      `${IAM_GUIDE}/id_credentials_temp_control-access_monitor.html`,
    ),
    yesOrNo('selfInspection', selfInspection, `${IAM_API}/API_SimulatePrincipalPolicy.html`),
    yesOrNo('simulatePermissions', simulatePermissions, `${IAM_API}/API_SimulatePrincipalPolicy.html`),
    acknowledge === undefined || isWarnings
      ? undefined
      : mustBe(
          'acknowledge',
          `a list of ${WARNINGS.join(', ')}`,
          `${IAM_GUIDE}/reference_iam-quotas.html`,
          acknowledge,
        ),
    provider === undefined || isProvider
      ? undefined
      : mustBe('provider', 'an AwsProvider of your stack', PROVIDER_DOCS, provider),
  ];
}
