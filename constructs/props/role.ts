/** The rules for the props of the role. */
import { Token } from 'cdktf';
import { isWholeAccount, PARTITIONS, partitionOf } from '../iam/trust-policy';
import { PATTERNS } from './patterns';
import { permissionsProblems } from './permissions';
import {
  isObject,
  mustBe,
  type Problem,
  problemsOf,
  type Rule,
  type Rules,
  ruleOf,
  seconds,
  text,
  yesOrNo,
} from './rules';

const IAM_GUIDE = 'https://docs.aws.amazon.com/IAM/latest/UserGuide';
const IAM_API = 'https://docs.aws.amazon.com/IAM/latest/APIReference';
const CREATE_ROLE = `${IAM_API}/API_CreateRole.html`;
const PRINCIPALS = `${IAM_GUIDE}/reference_policies_elements_principal.html`;
const ARNS = `${IAM_GUIDE}/reference-arns.html`;

const WARNINGS = [
  'whole-account-trust',
  'administrator-without-boundary',
  'trust-policy-size',
  'attached-policies-quota',
];

const principals: Rule = (prop, value) => {
  if (Token.isUnresolved(value)) return [];
  const all: unknown[] = Array.isArray(value) ? value : [value];
  if (all.length === 0) return mustBe(prop, 'at least one principal', PRINCIPALS, value);
  return all.flatMap((each) => text(PATTERNS.principal, PRINCIPALS)(prop, each));
};

const tags: Rule = (prop, value) => {
  const source = `${IAM_GUIDE}/id_tags.html`;
  if (Token.isUnresolved(value)) return [];
  if (!isObject(value)) return mustBe(prop, 'an object of strings', source, value);
  const entries = Object.entries(value);
  const key = text(
    {
      // The flag i would make \p{L} match U+0345, a mark.
      fits: /^(?![aA][wW][sS]:)[\p{L}\p{Z}\p{N}_.:/=+\-@]{1,128}$/u,
      rule: '1–128 characters that IAM accepts, and not begin with aws:',
    },
    source,
  );
  const content = text(
    { fits: /^[\p{L}\p{Z}\p{N}_.:/=+\-@]{0,256}$/u, rule: 'at most 256 characters that IAM accepts' },
    source,
  );
  return [
    entries.length > 50 ? `tags must be at most 50; they are ${entries.length} (${source})` : undefined,
    ...entries.flatMap(([name, each]) => [
      key(`the key of tags['${name}']`, name),
      content(`tags['${name}']`, each),
    ]),
  ].flat();
};

export const expectedAccountId = text(
  PATTERNS.accountId,
  'https://docs.aws.amazon.com/accounts/latest/reference/manage-acct-identifiers.html',
);

const RULES: Rules = {
  externalId: text(
    {
      ...PATTERNS.externalId,
      rule: `${PATTERNS.externalId.rule}, and is never optional: without it, other customers could reach this role`,
    },
    'https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html',
  ),
  principal: principals,
  partition: ruleOf(
    (value) => PARTITIONS.some((known) => known === value),
    `one of ${PARTITIONS.join(', ')}`,
    ARNS,
  ),
  roleName: text({ fits: /^[\w+=,.@-]{1,64}$/, rule: '1–64 characters of [A-Za-z0-9_+=,.@-]' }, CREATE_ROLE),
  roleNamePrefix: text(
    {
      fits: /^[\w+=,.@-]{1,38}$/,
      rule: `1–38 characters of [A-Za-z0-9_+=,.@-] (Terraform adds 26 to IAM's limit of 64)`,
    },
    CREATE_ROLE,
  ),
  path: text(
    {
      fits: /^(?!.{513}|.*\/\.\.\/)\/(?:[\w+=,.@-]+\/)*$/,
      rule: '"/" or "/…/" with names of [A-Za-z0-9_+=,.@-] between the slashes, at most 512 characters',
    },
    CREATE_ROLE,
  ),
  description: text(
    {
      // Terraform would evaluate what stands in braces.
      fits: /^(?:(?![$%]\{)[\t\n\r\x20-\x7e\xa1-\xff]){0,1000}$/,
      rule: 'at most 1,000 characters of Latin-1 text without ${ and %{',
    },
    CREATE_ROLE,
  ),
  tags,
  maxSessionDuration: seconds(3600, 43_200, CREATE_ROLE),
  permissionsBoundary: text(PATTERNS.policyArn, `${IAM_GUIDE}/access_policies_boundaries.html`),
  permissions: permissionsProblems,
  expectedAccountId,
  allowSessionTags: yesOrNo(`${IAM_GUIDE}/id_session-tags.html`),
  allowSourceIdentity: yesOrNo(`${IAM_GUIDE}/id_credentials_temp_control-access_monitor.html`),
  selfInspection: yesOrNo(`${IAM_API}/API_SimulatePrincipalPolicy.html`),
  simulatePermissions: yesOrNo(`${IAM_API}/API_SimulatePrincipalPolicy.html`),
  acknowledge: ruleOf(
    (value) => Array.isArray(value) && value.every((each) => WARNINGS.includes(each)),
    `a list of ${WARNINGS.join(', ')}`,
    `${IAM_GUIDE}/reference_iam-quotas.html`,
  ),
  provider: ruleOf(
    (value) => typeof value === 'object' && value !== null && 'fqn' in value,
    'an AwsProvider of your stack',
    'https://developer.hashicorp.com/terraform/language/providers/configuration',
  ),
};

export function roleProblems(props: Readonly<Record<string, unknown>>): Problem[] {
  const { principal, partition, roleName, roleNamePrefix } = props;
  const texts = Token.isUnresolved(principal) ? [] : [principal, `arn:${partition}:`].flat();
  const named = new Set(texts.flatMap((each) => (typeof each === 'string' && partitionOf(each)) || []));
  return [
    ...problemsOf(RULES, props, ['externalId', 'principal']),
    named.size > 1
      ? `principal and partition must name one partition; they name ${[...named].join(' and ')} (credentials of one partition never assume a role of another: ${ARNS})`
      : undefined,
    roleName !== undefined && roleNamePrefix !== undefined
      ? `roleName and roleNamePrefix must not both be given (https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/iam_role#name_prefix)`
      : undefined,
  ];
}

/** The principals that are whole accounts, for the warning about them. */
export function wholeAccounts(principals: readonly string[]): string[] {
  return principals.filter((principal) => !Token.isUnresolved(principal) && isWholeAccount(principal));
}
