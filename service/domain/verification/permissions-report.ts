import { z } from 'zod';
import type { DeepReadonly } from '../deep-readonly.js';

/** The denying policy of an action, by IAM's simulator. */
export const denier = z.enum([
  'nothing_allows',
  'explicit_deny',
  'permissions_boundary',
  'service_control_policy',
]);
export type DeniedBy = z.infer<typeof denier>;

/** A missing permission of the set, or an allowed one that the set denies. */
const finding = z
  .strictObject({
    sid: z.string(),
    reason: z.string(),
    action: z.string(),
    resource: z.string(),
    /** Absent where the set denies the action and IAM allows it. */
    deniedBy: denier.optional(),
  })
  .meta({ id: 'PermissionFinding' });
export type PermissionFinding = DeepReadonly<z.infer<typeof finding>>;

/** A statement that was not checked, or only in part. */
const notChecked = z.strictObject({
  sid: z.string(),
  reason: z.string(),
  because: z.enum(['no_check', 'missing_context', 'not_answered', 'not_permitted', 'managed_policy']),
  actions: z.array(z.string()),
});
export type NotChecked = DeepReadonly<z.infer<typeof notChecked>>;

export const permissionsState = z.enum(['complete', 'incomplete', 'not_checked']).meta({
  id: 'PermissionsState',
  description:
    "Result of IAM's simulator for the permission set. complete: everything required was checked and allowed. incomplete: something required is missing. not_checked: nothing is known to be missing, and something required was not checked.",
});

const lists = z.strictObject({
  state: permissionsState,
  missing: z.array(finding).meta({ description: 'Required, and denied.' }),
  unavailable: z.array(finding).meta({ description: 'Optional, and denied.' }),
  notDenied: z.array(finding).meta({ description: 'Allowed by the role, but denied by the set.' }),
  notChecked: z.array(notChecked).meta({ description: "Not checkable with IAM's simulator." }),
});

/** Whether the role can do what its permission set needs, as IAM's simulator says. */
export type JudgedPermissions = DeepReadonly<z.infer<typeof lists>>;

/** The same with the checked version and time. */
export const permissionsReport = lists
  .extend({
    permissionSet: z.string().meta({ description: 'Name and version: `deploy@3`.' }),
    checkedAt: z.iso.datetime(),
  })
  .meta({ id: 'PermissionsReport' });
export type PermissionsReport = DeepReadonly<z.infer<typeof permissionsReport>>;
