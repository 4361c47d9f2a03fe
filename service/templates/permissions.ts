import type { PermissionSet } from '../domain/permission-set.js';
import type { Partition } from '../domain/role-arn.js';
import { rolePolicies } from '../domain/role-policies.js';

const { presets } = rolePolicies;

const preset = <Name extends keyof typeof presets>(name: Name, sentence: string) => ({
  policy: presets[name],
  sentence,
});

/** Presets: names for AWS managed policies. */
export const permissionPresets = {
  'read-only': preset('read-only', 'Read-only access to everything in the account, including stored data.'),
  'power-user': preset(
    'power-user',
    'Creates, changes and deletes everything except users, roles and permissions.',
  ),
  administrator: preset(
    'administrator',
    'Full access to the account, including granting permissions to others.',
  ),
  'security-audit': preset(
    'security-audit',
    'Read-only access to the configuration of the account, for security reviews, without stored data.',
  ),
} as const;

export type PermissionPreset = keyof typeof permissionPresets;

export const isPermissionPreset = (text: string): text is PermissionPreset =>
  Object.hasOwn(permissionPresets, text);

/** A version of a permission set, and the optional statements that the customer omits. */
export interface ChosenPermissionSet {
  readonly set: PermissionSet;
  readonly without: readonly string[];
}

/** The permissions of a role: a preset, managed policies by name (AWS's own) or ARN, or a permission set. */
export type RolePermissions =
  | PermissionPreset
  | { readonly managedPolicies: readonly string[] }
  | ChosenPermissionSet;

/** The ARNs of the managed policies, without duplicates. */
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

/** Whether the text is a valid name or ARN of a managed policy. */
export const isManagedPolicy = (text: string): boolean =>
  /^(arn:aws(-[a-z]+)*:iam::(aws|[0-9]{12}):policy\/)?([\w+=,.@-]+\/)*[\w+=,.@-]{1,128}$/.test(text);
