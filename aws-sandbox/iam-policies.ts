import { type ManagedPolicy, type Permissions, type Role, type User, uniqueId } from './accounts.js';
import { AwsError } from './aws-error.js';
import { awsManagedPolicies, awsManagedPolicy } from './aws-managed-policies.js';
import { type Action, type Call, page, readPath, tagActions, tagList, tagsIn } from './call.js';
import { NAME } from './parameters.js';
import { checkIdentityPolicy } from './policy-document.js';
import type { XmlValue } from './query-protocol.js';

const MAX_POLICY_LENGTH = 6144;
const MAX_VERSIONS = 5;

/** The actions on managed policies. */
export const policyActions: Record<string, Action> = {
  CreatePolicy(call) {
    const { account, now } = call;
    const name = call.params.required('PolicyName', { min: 1, max: 128, pattern: NAME });
    const path = readPath(call);
    const description = call.params.optional('Description', { max: 1000 });
    const document = readDocument(call);
    const taken = [...account.policies.values()].some(
      (other) => other.name.toLowerCase() === name.toLowerCase(),
    );
    if (taken)
      throw new AwsError(
        'EntityAlreadyExists',
        `A policy called ${name} already exists. Duplicate names are not allowed.`,
      );
    const policy: ManagedPolicy = {
      policyId: uniqueId('ANPA'),
      name,
      path,
      arn: `arn:${account.partition}:iam::${account.accountId}:policy${path}${name}`,
      createdAt: now,
      updatedAt: now,
      tags: tagsIn(call),
      defaultVersionId: 'v1',
      versions: new Map([['v1', { document, createdAt: now }]]),
      lastVersion: 1,
      ...(description !== undefined && { description }),
    };
    account.policies.set(policy.arn, policy);
    return { Policy: policyXml(call, policy, false) };
  },

  GetPolicy: (call) => ({ Policy: policyXml(call, readPolicy(call), true) }),

  ListPolicies(call) {
    const scope = call.params.optional('Scope') ?? 'All';
    const prefix = call.params.optional('PathPrefix') ?? '/';
    const local = scope === 'AWS' ? [] : [...call.account.policies.values()];
    const aws = scope === 'Local' ? [] : awsManagedPolicies(call.account.partition);
    const policies = [...local, ...aws]
      .filter((policy) => policy.path.startsWith(prefix))
      .filter(({ arn }) => !call.params.boolean('OnlyAttached') || entities(call).some(hasAttached(arn)));
    const shown = policies.map((policy) => policyXml(call, policy, false));
    return page(call, 'Policies', shown);
  },

  DeletePolicy(call) {
    const policy = readOwnPolicy(call);
    const isUsed = [hasAttached, hasBoundary].some((uses) => entities(call).some(uses(policy.arn)));
    if (isUsed) throw new AwsError('DeleteConflict', 'Cannot delete a policy attached to entities.');
    if (policy.versions.size > 1)
      throw new AwsError(
        'DeleteConflict',
        "This policy has more than one version. Before you delete a policy, you must delete the policy's versions. The default version is deleted with the policy.",
      );
    call.account.policies.delete(policy.arn);
    return undefined;
  },

  GetPolicyVersion(call) {
    const policy = readPolicy(call);
    return { PolicyVersion: versionXml(policy, readVersionId(call, policy), true) };
  },

  ListPolicyVersions(call) {
    const policy = readPolicy(call);
    const versions = [...policy.versions.keys()].map((id) => versionXml(policy, id, false));
    return page(call, 'Versions', versions.reverse());
  },

  CreatePolicyVersion(call) {
    const policy = readOwnPolicy(call);
    const document = readDocument(call);
    if (policy.versions.size >= MAX_VERSIONS)
      throw new AwsError(
        'LimitExceeded',
        `A managed policy can have up to ${MAX_VERSIONS} versions. Before you create a new version, you must delete an existing version.`,
      );
    policy.lastVersion += 1;
    const id = `v${policy.lastVersion}`;
    policy.versions.set(id, { document, createdAt: call.now });
    policy.updatedAt = call.now;
    if (call.params.boolean('SetAsDefault')) policy.defaultVersionId = id;
    return { PolicyVersion: versionXml(policy, id, false) };
  },

  SetDefaultPolicyVersion(call) {
    const policy = readOwnPolicy(call);
    policy.defaultVersionId = readVersionId(call, policy);
    policy.updatedAt = call.now;
    return undefined;
  },

  DeletePolicyVersion(call) {
    const policy = readOwnPolicy(call);
    const id = readVersionId(call, policy);
    if (id === policy.defaultVersionId)
      throw new AwsError('DeleteConflict', 'Cannot delete the default version of a policy.');
    policy.versions.delete(id);
    return undefined;
  },

  ...tagActions('Policy', readOwnPolicy),
  ListPolicyTags: (call) => page(call, 'Tags', tagList(readPolicy(call).tags)),

  ListEntitiesForPolicy(call) {
    const { arn } = readPolicy(call);
    const filter = call.params.optional('EntityFilter');
    const usage = call.params.optional('PolicyUsageFilter');
    const uses = usage === 'PermissionsBoundary' ? hasBoundary(arn) : hasAttached(arn);
    const using = entities(call).filter(uses);
    const roles = using.flatMap((one) => ('roleId' in one ? { RoleName: one.name, RoleId: one.roleId } : []));
    const users = using.flatMap((one) => ('userId' in one ? { UserName: one.name, UserId: one.userId } : []));
    return {
      PolicyRoles: [undefined, 'Role'].includes(filter) ? roles : [],
      PolicyUsers: [undefined, 'User'].includes(filter) ? users : [],
      PolicyGroups: [],
      IsTruncated: false,
    };
  },
};

/** The managed policy of an ARN, the account's own or one of AWS's, as a role can use it. */
export function findPolicy(call: Call, arn: string): ManagedPolicy {
  const match = /^arn:([^:]+):iam::(aws|\d{12}):policy\/([\w+=,.@/-]+)$/.exec(arn);
  if (match?.[1] !== call.account.partition) throw new AwsError('InvalidInput', `ARN ${arn} is not valid.`);
  const policy = match[2] === 'aws' ? awsManagedPolicy(arn) : call.account.policies.get(arn);
  if (!policy) throw new AwsError('NoSuchEntity', `Policy ${arn} does not exist or is not attachable.`);
  return policy;
}

/** The name at the end of a policy's ARN. */
export function policyName(arn: string): string {
  return arn.slice(arn.lastIndexOf('/') + 1);
}

function readPolicy(call: Call): ManagedPolicy {
  return findPolicy(call, call.params.required('PolicyArn', { min: 20, max: 2048 }));
}

function readOwnPolicy(call: Call): ManagedPolicy {
  const policy = readPolicy(call);
  if (!call.account.policies.has(policy.arn))
    throw new AwsError('AccessDenied', `The policy ${policy.arn} is AWS's and can't be changed.`);
  return policy;
}

function readDocument(call: Call): string {
  const document = call.params.required('PolicyDocument', { min: 1, max: 131072 });
  checkIdentityPolicy(document, call.account.partition);
  if (document.replace(/\s/g, '').length > MAX_POLICY_LENGTH)
    throw new AwsError('LimitExceeded', `Cannot exceed quota for PolicySize: ${MAX_POLICY_LENGTH}`);
  return document;
}

function readVersionId(call: Call, policy: ManagedPolicy): string {
  const id = call.params.required('VersionId', { pattern: /^v[1-9][0-9]*(\.[A-Za-z0-9-]*)?$/ });
  if (!policy.versions.has(id))
    throw new AwsError(
      'NoSuchEntity',
      `Policy ${policy.arn} version ${id} does not exist or is not attachable.`,
    );
  return id;
}

/** The roles and users that can use a policy. */
const entities = ({ account }: Call): (Role | User)[] => [
  ...account.roles.values(),
  ...account.users.values(),
];

const hasAttached = (arn: string) => (entity: Permissions) => entity.attachedPolicyArns.has(arn);
const hasBoundary = (arn: string) => (entity: Permissions) => entity.permissionsBoundaryArn === arn;

function versionXml(policy: ManagedPolicy, id: string, withDocument: boolean): XmlValue {
  const version = policy.versions.get(id);
  return {
    Document: withDocument && version ? encodeURIComponent(version.document) : undefined,
    VersionId: id,
    IsDefaultVersion: id === policy.defaultVersionId,
    CreateDate: new Date(version?.createdAt ?? 0),
  };
}

/** IAM answers description and tags only to GetPolicy. */
function policyXml(call: Call, policy: ManagedPolicy, whole: boolean): XmlValue {
  return {
    PolicyName: policy.name,
    PolicyId: policy.policyId,
    Arn: policy.arn,
    Path: policy.path,
    DefaultVersionId: policy.defaultVersionId,
    AttachmentCount: entities(call).filter(hasAttached(policy.arn)).length,
    PermissionsBoundaryUsageCount: entities(call).filter(hasBoundary(policy.arn)).length,
    IsAttachable: true,
    CreateDate: new Date(policy.createdAt),
    UpdateDate: new Date(policy.updatedAt),
    Description: whole ? policy.description : undefined,
    Tags: policy.tags.size > 0 ? tagList(policy.tags) : undefined,
  };
}
