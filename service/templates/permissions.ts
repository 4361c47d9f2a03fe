import type { Partition } from '../domain/role-arn.js';
import type { ChosenPermissionSet } from './permission-set-policies.js';

/** What the role may do, by a name: each is a managed policy of AWS. The same four as in `@rolebridge/constructs`. */
export const permissionPresets = {
  'read-only': {
    policy: 'ReadOnlyAccess',
    sentence: 'Sees everything in the account, also what is stored in it, and changes nothing.',
  },
  'power-user': {
    policy: 'PowerUserAccess',
    sentence: 'Makes, changes and deletes everything but users, roles and permissions.',
  },
  administrator: {
    policy: 'AdministratorAccess',
    sentence: 'Does everything that you can do in the account, also give permissions to others.',
  },
  'security-audit': {
    policy: 'SecurityAudit',
    sentence: 'Sees how the account is configured, for reviewing its security, and not the data in it.',
  },
} as const;

export type PermissionPreset = keyof typeof permissionPresets;

export const isPermissionPreset = (text: string): text is PermissionPreset =>
  Object.hasOwn(permissionPresets, text);

/** What the role may do: a preset, managed policies by name (AWS's own) or ARN, or the vendor's permission set. */
export type RolePermissions =
  | PermissionPreset
  | { readonly managedPolicies: readonly string[] }
  | ChosenPermissionSet;

/** The ARNs of the managed policies, each once, in the order given. */
export function managedPolicyArns(permissions: RolePermissions, partition: Partition): string[] {
  const policies = policyNames(permissions);
  return [...new Set(policies.map((policy) => managedPolicyArn(policy, partition)))];
}

function policyNames(permissions: RolePermissions): readonly string[] {
  if (typeof permissions === 'string') return [permissionPresets[permissions].policy];
  return 'set' in permissions ? permissions.set.managedPolicies : permissions.managedPolicies;
}

const managedPolicyArn = (nameOrArn: string, partition: Partition): string =>
  nameOrArn.startsWith('arn:') ? nameOrArn : `arn:${partition}:iam::aws:policy/${nameOrArn}`;

/** IAM's characters for the path and name of a managed policy, alone or in an ARN. */
export const isManagedPolicy = (text: string): boolean =>
  /^(arn:aws(-[a-z]+)*:iam::(aws|[0-9]{12}):policy\/)?([\w+=,.@-]+\/)*[\w+=,.@-]{1,128}$/.test(text);
