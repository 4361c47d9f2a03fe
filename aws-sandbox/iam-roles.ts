import { type Role, uniqueId } from './accounts.js';
import { AwsError } from './aws-error.js';
import {
  type Action,
  type Call,
  page,
  readPath,
  setTrustPolicy,
  tagActions,
  tagList,
  tagsIn,
} from './call.js';
import { findPolicy } from './iam-policies.js';
import { NAME } from './parameters.js';
import type { XmlValue } from './query-protocol.js';

/** The actions on roles themselves, their tags and boundary. */
export const roleActions: Record<string, Action> = {
  CreateRole(call) {
    const name = call.params.required('RoleName', { min: 1, max: 64, pattern: NAME });
    const boundary = call.params.optional('PermissionsBoundary', { min: 20, max: 2048 });
    const description = call.params.optional('Description', { max: 1000 });
    const role = createRole(call, {
      name,
      path: readPath(call),
      trustPolicy: call.params.required('AssumeRolePolicyDocument', { min: 1, max: 131072 }),
      maxSessionDuration: call.params.integer('MaxSessionDuration', 3600, 43200),
      tags: tagsIn(call),
      description,
      permissionsBoundaryArn: boundary === undefined ? undefined : findPolicy(call, boundary).arn,
    });
    return { Role: roleXml(role, true) };
  },

  GetRole: (call) => ({ Role: roleXml(findRole(call), true) }),

  ListRoles(call) {
    const prefix = call.params.optional('PathPrefix') ?? '/';
    const roles = [...call.account.roles.values()]
      .filter((role) => role.path.startsWith(prefix))
      .sort((one, other) => one.name.localeCompare(other.name));
    const shown = roles.map((role) => roleXml(role, false));
    return page(call, 'Roles', shown);
  },

  UpdateRole(call) {
    const role = findRole(call);
    const description = call.params.optional('Description', { max: 1000 });
    const maxSessionDuration = call.params.integer('MaxSessionDuration', 3600, 43200);
    if (description !== undefined) role.description = description;
    if (maxSessionDuration !== undefined) role.maxSessionDuration = maxSessionDuration;
    return {};
  },

  UpdateRoleDescription(call) {
    const role = findRole(call);
    role.description = call.params.required('Description', { max: 1000 });
    return { Role: roleXml(role, true) };
  },

  UpdateAssumeRolePolicy(call) {
    const role = findRole(call);
    setTrustPolicy(role, call.params.required('PolicyDocument', { min: 1, max: 131072 }), call);
    return undefined;
  },

  DeleteRole(call) {
    const role = findRole(call);
    if (role.attachedPolicyArns.size > 0)
      throw new AwsError('DeleteConflict', 'Cannot delete entity, must detach all policies first.');
    if (role.inlinePolicies.size > 0)
      throw new AwsError('DeleteConflict', 'Cannot delete entity, must delete policies first.');
    call.account.roles.delete(role.name.toLowerCase());
    return undefined;
  },

  ...tagActions('Role', findRole),

  ListInstanceProfilesForRole(call) {
    findRole(call);
    return page(call, 'InstanceProfiles', []);
  },
};

/** The id of the last role with each ARN in this process, for callers that have only an ARN; deleted roles stay. */
export const roleIds = new Map<string, string>();

/** Makes a role in the call's account, from checked parts. */
export function createRole(
  call: Pick<Call, 'account' | 'accounts' | 'now' | 'propagationDelayMs'>,
  parts: {
    name: string;
    path: string;
    trustPolicy: string;
    maxSessionDuration?: number | undefined;
    tags?: Map<string, string>;
    description?: string | undefined;
    permissionsBoundaryArn?: string | undefined;
  },
): Role {
  const { account, now } = call;
  if (account.roles.has(parts.name.toLowerCase()))
    throw new AwsError('EntityAlreadyExists', `Role with name ${parts.name} already exists.`);
  const role: Role = {
    roleId: uniqueId('AROA'),
    name: parts.name,
    path: parts.path,
    arn: `arn:${account.partition}:iam::${account.accountId}:role${parts.path}${parts.name}`,
    account,
    createdAt: now,
    maxSessionDuration: parts.maxSessionDuration ?? 3600,
    tags: parts.tags ?? new Map(),
    inlinePolicies: new Map(),
    attachedPolicyArns: new Set(),
    trust: [],
    ...(parts.description !== undefined && { description: parts.description }),
    ...(parts.permissionsBoundaryArn && { permissionsBoundaryArn: parts.permissionsBoundaryArn }),
  };
  setTrustPolicy(role, parts.trustPolicy, call);
  account.roles.set(parts.name.toLowerCase(), role);
  roleIds.set(role.arn, role.roleId);
  return role;
}

/** The role that a call names. */
export function findRole(call: Call): Role {
  const name = call.params.required('RoleName', { min: 1, max: 64, pattern: NAME });
  const role = call.account.roles.get(name.toLowerCase());
  if (!role) throw new AwsError('NoSuchEntity', `The role with name ${name} cannot be found.`);
  return role;
}

/** IAM leaves tags, boundary and last use out of lists. */
function roleXml(role: Role, whole: boolean): XmlValue {
  return {
    Path: role.path,
    RoleName: role.name,
    RoleId: role.roleId,
    Arn: role.arn,
    CreateDate: new Date(role.createdAt),
    AssumeRolePolicyDocument: encodeURIComponent(role.trust.at(-1)?.text ?? ''),
    Description: role.description,
    MaxSessionDuration: role.maxSessionDuration,
    ...(whole && {
      PermissionsBoundary: role.permissionsBoundaryArn && {
        PermissionsBoundaryType: 'Policy',
        PermissionsBoundaryArn: role.permissionsBoundaryArn,
      },
      Tags: role.tags.size > 0 ? tagList(role.tags) : undefined,
      RoleLastUsed: role.lastUsed
        ? { LastUsedDate: new Date(role.lastUsed.at), Region: role.lastUsed.region }
        : {},
    }),
  };
}
