import type { Caller, Role, TemporaryCredentials, TrustVersion } from './accounts.js';
import { authorizeCaller } from './authorize.js';
import { AwsError } from './aws-error.js';
import { awsManagedPolicy } from './aws-managed-policies.js';
import type { Action, Call } from './call.js';
import type { ConditionContext } from './conditions.js';
import { denied } from './denial.js';
import { evaluateTrustPolicy, type Policy, principalsIn } from './evaluate.js';
import { checkCount } from './parameters.js';
import { checkIdentityPolicy } from './policy-document.js';
import type { XmlValue } from './query-protocol.js';
import { type AssumeRoleRequest, contextOfAssumeRole } from './request-context.js';

const ROLE_ARN = { min: 20, max: 2048 };
const SESSION_NAME = { min: 2, max: 64, pattern: /^[\w+=,.@-]*$/ };
const EXTERNAL_ID = {
  min: 2,
  max: 1224,
  pattern: /^[\w+=,.@:/-]*$/,
  patternText: '[\\w+=,.@:\\/-]*',
};
const MAX_CHAINED_SECONDS = 3600;
const MAX_SESSION_POLICY_LENGTH = 2048;

/** STS AssumeRole. */
export const assumeRole: Action = (call) => {
  const { caller, now } = call;
  const request = readRequest(call);
  if (caller.principalArn.endsWith(':root'))
    throw new AwsError('AccessDenied', 'Roles may not be assumed by root accounts.');
  const { packedPolicySize, policies } = checkSessionPolicies(call, request);
  if (caller.session?.kind === 'role' && request.durationSeconds > MAX_CHAINED_SECONDS)
    throw new AwsError(
      'ValidationError',
      'The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining',
    );
  const role = authorize(call, request);
  if (request.durationSeconds > role.maxSessionDuration)
    throw new AwsError(
      'ValidationError',
      'The requested DurationSeconds exceeds the MaxSessionDuration set for this role.',
    );

  role.lastUsed = { at: now, region: call.region };
  const session = sessionCaller(role, request.sessionName);
  const credentials = call.accounts.issueSession(session, {
    kind: 'role',
    issuedAt: now,
    durationSeconds: request.durationSeconds,
    ...(request.sourceIdentity !== undefined && { sourceIdentity: request.sourceIdentity }),
    ...(policies.length > 0 && { policies }),
    ...sessionTags(caller, request),
  });
  return {
    Credentials: credentialsXml(credentials),
    AssumedRoleUser: { AssumedRoleId: session.userId, Arn: session.arn },
    PackedPolicySize: packedPolicySize,
    SourceIdentity: request.sourceIdentity,
  };
};

/** The identity of an assumed role. */
export function sessionCaller(role: Role, sessionName: string): Omit<Caller, 'accessKeyId' | 'session'> {
  const { partition, accountId } = role.account;
  return {
    account: role.account,
    arn: `arn:${partition}:sts::${accountId}:assumed-role/${role.name}/${sessionName}`,
    userId: `${role.roleId}:${sessionName}`,
    principalArn: role.arn,
  };
}

/** Credentials, as STS answers them. */
export const credentialsXml = (credentials: TemporaryCredentials): XmlValue => ({
  AccessKeyId: credentials.accessKeyId,
  SecretAccessKey: credentials.secretAccessKey,
  SessionToken: credentials.sessionToken,
  Expiration: credentials.expiration,
});

/** AWS rejects an empty external ID; it does not treat it as absent. */
function readRequest(call: Call): AssumeRoleRequest {
  const { params, caller } = call;
  const roleArn = params.required('RoleArn', ROLE_ARN);
  if (!/^arn:[\w-]+:[\w-]+:[^:]*:\d{12}:[^\s]+$/.test(roleArn))
    throw new AwsError('ValidationError', `${roleArn} is invalid`);
  const transitiveTagKeys = params.list('TransitiveTagKeys');
  checkCount('transitiveTagKeys', transitiveTagKeys, 50);
  return {
    roleArn,
    sessionName: params.required('RoleSessionName', SESSION_NAME),
    externalId: params.optional('ExternalId', EXTERNAL_ID),
    durationSeconds: params.integer('DurationSeconds', 900, 43_200) ?? 3600,
    sourceIdentity: params.optional('SourceIdentity', SESSION_NAME) ?? caller.session?.sourceIdentity,
    tags: params.tags(),
    transitiveTagKeys,
  };
}

/**
 * The role, if it lets the caller in. Every refusal has the same text, also for a role that doesn't exist:
 * AWS reveals nothing about a role to callers that can't assume it.
 */
function authorize(call: Call, request: AssumeRoleRequest): Role {
  const role = call.accounts.findRole(request.roleArn);
  const trust = role && effectiveTrust(role, call);
  const context: ConditionContext = role ? contextOfAssumeRole(call, request, role) : new Map();
  const { caller } = call;
  const isNamed =
    trust !== undefined && role?.account === caller.account && namesDirectly(trust.policy, caller);
  const inherited = caller.session?.sourceIdentity;
  for (const action of neededActions(request)) {
    const allowed =
      trust !== undefined &&
      role?.account.partition === caller.account.partition &&
      evaluateTrustPolicy(trust.policy, { action, caller: trustCaller(caller, trust), context }) === 'allow';
    const changesSourceIdentity =
      action === 'sts:SetSourceIdentity' && inherited !== undefined && inherited !== request.sourceIdentity;
    authorizeCaller(call, { action, resource: request.roleArn, context }, { identityDecides: !isNamed });
    if (!allowed || changesSourceIdentity)
      throw denied({ arn: caller.arn, action, resource: request.roleArn });
  }
  if (!role) throw new Error('A role that does not exist was authorized');
  return role;
}

/** Within one account a trust policy that names the caller itself needs no identity-based policy beside it. */
const namesDirectly = (policy: Policy, { arn, principalArn }: Caller): boolean =>
  principalsIn(policy, ({ Effect, Principal }) => Effect === 'Allow' && Principal !== undefined).some(
    (name) => name === arn || name === principalArn,
  );

/** Transitive tags of the chain count as tags of this request. */
function neededActions(request: AssumeRoleRequest): string[] {
  return [
    'sts:AssumeRole',
    ...(request.tags.length > 0 || request.transitiveTagKeys.length > 0 ? ['sts:TagSession'] : []),
    ...(request.sourceIdentity !== undefined ? ['sts:SetSourceIdentity'] : []),
  ];
}

/** The newest trust policy that has reached STS. A shortened delay counts at once. */
function effectiveTrust(role: Role, call: Call): TrustVersion | undefined {
  return role.trust.findLast(
    (version) => version.changedAt + Math.min(version.delayMs, call.propagationDelayMs) <= call.now,
  );
}

/**
 * IAM keeps a named role or user by its unique id: one that is deleted and created again under its old name is
 * not the one that was trusted.
 */
function trustCaller(caller: Caller, trust: TrustVersion) {
  const { accountId, partition } = caller.account;
  const uniqueId = caller.userId.split(':')[0] ?? '';
  const trustedId = trust.principalIds.get(caller.principalArn);
  const isTheOneNamed = trustedId === undefined || trustedId === uniqueId;
  return {
    accountId,
    partition,
    arns: [caller.arn, uniqueId, ...(isTheOneNamed ? [caller.principalArn] : [])],
  };
}

function sessionTags(caller: Caller, request: AssumeRoleRequest) {
  const inheritedKeys = [...(caller.session?.transitiveTagKeys ?? [])];
  const tags = new Map(inheritedKeys.map((key) => [key, caller.session?.tags.get(key) ?? '']));
  for (const { Key, Value } of request.tags) {
    if (tags.has(Key)) throw new AwsError('ValidationError', `Transitive tag ${Key} can't be overridden.`);
    tags.set(Key, Value);
  }
  return { tags, transitiveTagKeys: new Set([...inheritedKeys, ...request.transitiveTagKeys]) };
}

/** Checks the session policies; how much of the packed size is used, when there is anything to pack. */
function checkSessionPolicies(call: Call, request: AssumeRoleRequest) {
  const policy = call.params.optional('Policy', { min: 1, max: MAX_SESSION_POLICY_LENGTH });
  if (policy !== undefined) checkIdentityPolicy(policy, call.account.partition);
  const arns = call.params.list('PolicyArns', 'arn');
  checkCount('policyArns', arns, 10);
  const size = (policy?.length ?? 0) + arns.join('').length + JSON.stringify(request.tags).length - 2;
  return {
    packedPolicySize: size > 0 ? Math.min(100, Math.ceil((size / 4096) * 100)) : undefined,
    policies: [
      ...(policy === undefined ? [] : [policy]),
      ...arns.map((arn) => documentOf(call, request.roleArn, arn)),
    ],
  };
}

/** The text of a managed session policy: of the role's account, or AWS's. */
function documentOf(call: Call, roleArn: string, arn: string): string {
  const policy = call.accounts.findRole(roleArn)?.account.policies.get(arn) ?? awsManagedPolicy(arn);
  return policy.versions.get(policy.defaultVersionId)?.document ?? '';
}
