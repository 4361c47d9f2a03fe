/** Props of a {@link CrossAccountRole}. */
import type { TerraformProvider } from 'cdktf';
import type { PermissionSet } from './iam/permission-set';
import type { PermissionPreset, Permissions } from './iam/permissions';
import type { Partition } from './iam/trust-policy';

/** A warning that a reviewer has seen and accepted; see {@link CrossAccountRoleProps.acknowledge}. */
export type RoleWarning =
  | 'whole-account-trust'
  | 'administrator-without-boundary'
  | 'trust-policy-size'
  | 'attached-policies-quota';

/** Props of `CrossAccountRole`. */
export interface CrossAccountRoleProps {
  /**
   * The external ID of the connection, as the service gave it. The role can't be assumed without it.
   * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_create_for-user_externalid.html
   * @see https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
   */
  readonly externalId: string;
  /**
   * The vendor's IAM principal or principals: the ARN of a role or user, or an account id, which trusts every
   * identity that the account's administrators allow to assume roles.
   * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
   */
  readonly principal: string | string[];
  /**
   * The permissions of the role.
   * @default - none: the role can only be assumed
   * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies.html
   */
  readonly permissions?: PermissionPreset | Permissions | PermissionSet;
  /**
   * The role's name. A change replaces the role.
   * @default - Terraform creates one from `roleNamePrefix`
   * @see https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateRole.html
   */
  readonly roleName?: string;
  /**
   * The start of the role's name, for a name that is unique in the account.
   * @default 'vendor-access-'
   * @see https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateRole.html
   */
  readonly roleNamePrefix?: string;
  /**
   * The role's path.
   * @default '/'
   * @see https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateRole.html
   */
  readonly path?: string;
  /**
   * The role's description.
   * @default 'Cross-account access for a vendor, with the connection's external ID'
   * @see https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateRole.html
   */
  readonly description?: string;
  /**
   * The role's tags, besides the provider's default tags.
   * @default - none
   * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/id_tags.html
   */
  readonly tags?: Readonly<Record<string, string>>;
  /**
   * The longest session, in seconds: 3,600–43,200.
   * @default 3600
   * @see https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateRole.html
   */
  readonly maxSessionDuration?: number;
  /**
   * The ARN of the managed policy that limits the role's permissions.
   * @default - no boundary
   * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html
   */
  readonly permissionsBoundary?: string;
  /**
   * Whether the vendor may tag its sessions (`sts:TagSession`).
   * @default false
   * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/id_session-tags.html
   */
  readonly allowSessionTags?: boolean;
  /**
   * Whether the vendor may name who is behind a session (`sts:SetSourceIdentity`).
   * @default false
   * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_temp_control-access_monitor.html
   */
  readonly allowSourceIdentity?: boolean;
  /**
   * Whether the role may read itself: `iam:GetRole` and `iam:SimulatePrincipalPolicy` on its own ARN. The vendor then
   * proves that the trust policy is safe and the permissions are sufficient; without it, both are only tested.
   * @default true
   * @see https://docs.aws.amazon.com/IAM/latest/APIReference/API_SimulatePrincipalPolicy.html
   */
  readonly selfInspection?: boolean;
  /**
   * Whether the apply checks the role's permissions with IAM's simulator, with your own rights (`iam:SimulatePrincipalPolicy`),
   * and fails with the denied actions before it reports the role. Needs a `PermissionSet`.
   * @default false
   * @see https://registry.terraform.io/providers/hashicorp/aws/latest/docs/data-sources/iam_principal_policy_simulation
   * @see https://docs.aws.amazon.com/IAM/latest/APIReference/API_SimulatePrincipalPolicy.html
   */
  readonly simulatePermissions?: boolean;
  /**
   * The AWS partition.
   * @default - the one in the principal's ARN, or else 'aws'
   * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html
   */
  readonly partition?: Partition;
  /**
   * The account that this has to be deployed into. Another one stops the plan, before anything is created.
   * @default - any account
   * @see https://docs.aws.amazon.com/accounts/latest/reference/manage-acct-identifiers.html
   */
  readonly expectedAccountId?: string;
  /**
   * The AWS provider to deploy with: an aliased one for each account, when there are several.
   * @default - the stack's default AWS provider
   * @see https://developer.hashicorp.com/terraform/language/providers/configuration#alias-multiple-provider-configurations
   */
  readonly provider?: TerraformProvider;
  /**
   * Warnings that you have considered and accept; they are not shown again.
   * @default - every warning is shown
   * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
   */
  readonly acknowledge?: RoleWarning[];
}
