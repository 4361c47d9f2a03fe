import type { Account, Caller, Permissions } from './accounts.js';
import { awsManagedPolicy, isKnownDocument } from './aws-managed-policies.js';
import { cannotEvaluate } from './conditions.js';
import type { PolicyKind } from './denial.js';
import { type AccessRequest, applyingStatements, concerns, type Policy, statementsOf } from './evaluate.js';

/** A policy with its name, as SimulatePrincipalPolicy shows it. */
export interface NamedPolicy {
  id: string;
  type: string;
  document: string;
  /** False for a stand-in: an AWS managed policy whose text is not in the sandbox. @default true */
  isKnown?: boolean;
}

/** Every policy that limits or grants permissions of an identity. */
export interface PolicySet {
  identity: NamedPolicy[];
  boundary?: NamedPolicy[];
  session?: NamedPolicy[];
  /** Service control policies; undefined while the account is in no organization. */
  organization?: NamedPolicy[];
}

/** A statement that applied. */
export interface MatchedStatement {
  policy: NamedPolicy;
  effect: 'Allow' | 'Deny';
}

/** Allowed, or which kind of policy denies. */
export interface AccessDecision {
  decision: 'allowed' | 'explicitDeny' | 'implicitDeny';
  deniedBy?: PolicyKind;
  allowedByOrganization?: boolean;
  allowedByBoundary?: boolean;
  matched: MatchedStatement[];
}

const FULL_ACCESS: NamedPolicy = {
  id: 'FullAWSAccess',
  type: 'Service Control Policy',
  document: '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}',
};

/** https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic_policy-eval-denyallow.html */
export function decide(policies: PolicySet, request: AccessRequest): AccessDecision {
  const organization = evaluateKind(policies.organization, request);
  const identity = evaluateKind(policies.identity, request);
  const boundary = evaluateKind(policies.boundary, request);
  const session = evaluateKind(policies.session, request);
  const kinds = [
    ['scp', organization],
    ['identity', identity],
    ['boundary', boundary],
    ['session', session],
  ] as const;
  const details = {
    ...(policies.organization && { allowedByOrganization: organization?.effect === 'Allow' }),
    ...(policies.boundary && { allowedByBoundary: boundary?.effect === 'Allow' }),
    matched: [...(identity?.matched ?? []), ...(boundary?.matched ?? [])],
  };
  for (const [deniedBy, verdict] of kinds)
    if (verdict?.effect === 'Deny') return { decision: 'explicitDeny', deniedBy, ...details };
  for (const [deniedBy, verdict] of kinds)
    if (verdict && verdict.effect !== 'Allow') return { decision: 'implicitDeny', deniedBy, ...details };
  return { decision: 'allowed', ...details };
}

/** Undefined: there is no such kind of policy, so it decides nothing. */
function evaluateKind(policies: NamedPolicy[] | undefined, request: AccessRequest) {
  if (policies === undefined) return undefined;
  const matched = policies.flatMap((policy) =>
    applyingStatements(parsed(policy), request).map(
      ({ Effect }): MatchedStatement => ({ policy, effect: Effect }),
    ),
  );
  const denies = matched.filter(({ effect }) => effect === 'Deny');
  if (denies.length > 0) return { effect: 'Deny' as const, matched: denies };
  if (matched.length > 0) return { effect: 'Allow' as const, matched };
  const standIn = policies.find(({ isKnown }) => isKnown === false);
  // The stand-in lacks IAM and STS: AWS grants them in few policies, and those are known here.
  if (standIn && !/^(iam|sts):/i.test(request.action))
    throw cannotEvaluate(`the AWS managed policy ${standIn.id}`);
  return { effect: undefined, matched };
}

/** The condition keys that statements for this action and resource ask for, without a value in the context. */
export function missingContextKeys(policies: PolicySet, request: AccessRequest): string[] {
  const all = [...policies.identity, ...(policies.boundary ?? []), ...(policies.organization ?? [])];
  const keys = all
    .flatMap((policy) => statementsOf(parsed(policy)))
    .filter((statement) => concerns(statement, request, { variables: false }))
    .flatMap(({ Condition = {} }) => Object.values(Condition).flatMap((block) => Object.keys(block)));
  return [...new Set(keys)].filter((key) => !request.context.has(key.toLowerCase()));
}

/** Checked when it was stored. */
const parsed = ({ document }: NamedPolicy): Policy => JSON.parse(document);

/** The policies that determine the permissions of a role or user. */
export function policiesOf(account: Account, permissions: Permissions): PolicySet {
  const managed = (arn: string, type?: string): NamedPolicy => {
    const policy = account.policies.get(arn) ?? awsManagedPolicy(arn);
    const isOwn = account.policies.has(arn);
    return {
      id: policy.name,
      type: type ?? (isOwn ? 'IAM Policy' : 'AWS Managed Policy'),
      document: policy.versions.get(policy.defaultVersionId)?.document ?? '',
      isKnown: isOwn || isKnownDocument(arn),
    };
  };
  const inline = [...permissions.inlinePolicies].map(([id, document]) => ({
    id,
    type: 'IAM Policy',
    document,
  }));
  const { permissionsBoundaryArn: boundary } = permissions;
  return {
    identity: [...inline, ...[...permissions.attachedPolicyArns].map((arn) => managed(arn))],
    ...(boundary && { boundary: [managed(boundary, 'Permissions Boundary Policy')] }),
    ...organizationOf(account),
  };
}

function organizationOf({ serviceControlPolicies }: Account): Pick<PolicySet, 'organization'> {
  if (!serviceControlPolicies) return {};
  const documents = serviceControlPolicies.map((document, index) => ({
    id: `scp-${index + 1}`,
    type: 'Service Control Policy',
    document,
  }));
  const isAllowList = documents
    .flatMap((policy) => statementsOf(parsed(policy)))
    .some(({ Effect }) => Effect === 'Allow');
  return { organization: isAllowList ? documents : [FULL_ACCESS, ...documents] };
}

const ALLOW_ALL: NamedPolicy[] = [{ ...FULL_ACCESS, id: 'the sandbox', type: 'IAM Policy' }];

/**
 * The policies that decide on a caller. So that a test needs no set-up, a root user and a user without policies may do
 * everything, and a role without policies may use STS; service control policies count for them too.
 */
export function policiesOfCaller(caller: Caller, action: string): PolicySet {
  const { account, session } = caller;
  const isRole = session?.kind === 'role';
  const entity = isRole
    ? account.roles.get(nameOf(caller.principalArn))
    : account.users.get((caller.userName ?? '').toLowerCase());
  const set = entity ? policiesOf(account, entity) : { identity: [], ...organizationOf(account) };
  const hasNone = set.identity.length === 0 && !('boundary' in set);
  const allowsByDefault = hasNone && (!isRole || action.startsWith('sts:'));
  return {
    ...set,
    ...(allowsByDefault && { identity: ALLOW_ALL }),
    ...(session?.policies && {
      session: session.policies.map((document) => ({ id: 'session', type: 'IAM Policy', document })),
    }),
  };
}

const nameOf = (arn: string) => arn.slice(arn.lastIndexOf('/') + 1).toLowerCase();
