/** The IAM role that lets a vendor in, and only with the connection's external ID. */
import { DataAwsCallerIdentity } from '@cdktf/provider-aws/lib/data-aws-caller-identity';
import { IamPolicy } from '@cdktf/provider-aws/lib/iam-policy';
import { IamRole, type IamRoleConfig } from '@cdktf/provider-aws/lib/iam-role';
import { IamRolePolicy } from '@cdktf/provider-aws/lib/iam-role-policy';
import { IamRolePolicyAttachment } from '@cdktf/provider-aws/lib/iam-role-policy-attachment';
import {
  Annotations,
  DefaultTokenResolver,
  dependable,
  Fn,
  type ITerraformDependable,
  Lazy,
  Op,
  StringConcat,
  type TerraformProvider,
  Token,
  Tokenization,
} from 'cdktf';
import { Construct } from 'constructs';
import { nonsensitive } from './callback-provisioner';
import { documentJson, fingerprint } from './iam/document-json';
import type { PermissionSet } from './iam/permission-set';
import {
  isAdministratorPolicy,
  isAdministratorStatement,
  managedPolicyArn,
  type PermissionPreset,
  type Permissions,
  type PolicyStatement,
  PRESET_POLICIES,
  policyDocument,
  selfInspectionPolicy,
} from './iam/permissions';
import { type Partition, partitionOf, trustPolicy } from './iam/trust-policy';
import { simulatePermissions } from './permission-simulation';
import { managedPolicyProblem, permissionsProblems, statementProblems } from './props/permissions';
import {
  choiceProblems,
  descriptionProblem,
  expectedAccountIdProblem,
  externalIdProblem,
  maxSessionDurationProblem,
  partitionProblem,
  pathProblem,
  permissionsBoundaryProblem,
  principalProblems,
  roleNameProblems,
  tagsProblems,
  wholeAccounts,
} from './props/role';
import { refuse } from './props/rules';

/** A warning that a reviewer has seen and accepted; see {@link CrossAccountRoleProps.acknowledge}. */
export type RoleWarning =
  | 'whole-account-trust'
  | 'administrator-without-boundary'
  | 'trust-policy-size'
  | 'attached-policies-quota';

/** Props of {@link CrossAccountRole}. */
export interface CrossAccountRoleProps {
  /**
   * The external ID of the connection, as the service gave it. The role can't be assumed without it.
   * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_create_for-user_externalid.html
   */
  readonly externalId: string;
  /**
   * The vendor's IAM principal or principals: the ARN of a role or user, or an account id, which trusts everyone
   * whom that account's administrators let in.
   * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
   */
  readonly principal: string | string[];
  /**
   * What the role may do.
   * @default - nothing: the role can be assumed, and no more
   */
  readonly permissions?: PermissionPreset | Permissions | PermissionSet;
  /**
   * The role's name. A change replaces the role.
   * @default - Terraform makes one from `roleNamePrefix`
   * @see https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateRole.html
   */
  readonly roleName?: string;
  /**
   * The start of the role's name, for a name that is unique in the account.
   * @default 'vendor-access-'
   */
  readonly roleNamePrefix?: string;
  /**
   * The role's path.
   * @default '/'
   * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html
   */
  readonly path?: string;
  /**
   * The role's description.
   * @default 'Lets a vendor in, with the connection's external ID'
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
   * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_update-role-settings.html
   */
  readonly maxSessionDuration?: number;
  /**
   * The ARN of the managed policy that bounds what the role can ever do.
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
   */
  readonly selfInspection?: boolean;
  /**
   * Whether the apply asks IAM's simulator what the role may do, with the deployer's own rights
   * (`iam:SimulatePrincipalPolicy`), and fails with the denied actions before the vendor hears of the role. Needs a
   * `PermissionSet`.
   * @default false
   * @see https://registry.terraform.io/providers/hashicorp/aws/latest/docs/data-sources/iam_principal_policy_simulation
   */
  readonly simulatePermissions?: boolean;
  /**
   * The AWS partition.
   * @default - the one in the principal's ARN, or else 'aws'
   * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html
   */
  readonly partition?: Partition;
  /**
   * The account that this has to be deployed into. Another one stops the plan, before anything is made.
   * @default - any account
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
   */
  readonly acknowledge?: RoleWarning[];
}

// Quotas of IAM, in characters without whitespace: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
const TRUST_POLICY_QUOTA = 2048;
const TRUST_POLICY_MAXIMUM = 4096;
const INLINE_POLICIES_QUOTA = 10_240;
const MANAGED_POLICY_QUOTA = 6_144;
const ATTACHED_POLICIES_QUOTA = 10;
const ATTACHED_POLICIES_MAXIMUM = 20;

/**
 * A cross-account IAM role that trusts the vendor's principals, and only with the connection's external ID.
 *
 * @example
 * const role = new CrossAccountRole(this, 'Vendor', {
 *   externalId: '3d4a…',
 *   principal: 'arn:aws:iam::123456789012:role/rolebridge',
 *   permissions: 'read-only',
 * });
 * role.addManagedPolicy('job-function/ViewOnlyAccess');
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_common-scenarios_third-party.html
 */
export class CrossAccountRole extends Construct {
  /** The role itself, for everything that this construct has no prop for. */
  readonly role: IamRole;
  /** The partition that the role is made in. */
  readonly partition: Partition;

  private readonly props: CrossAccountRoleProps;
  private readonly trustPolicyJson: string;
  private readonly attachments = new Map<string, IamRolePolicyAttachment>();
  private readonly policyTokens = new Map<string, string>();
  private readonly statements: PolicyStatement[] = [];
  private inlinePolicy?: IamRolePolicy;
  private readonly selfInspection?: IamRolePolicy;
  private caller?: DataAwsCallerIdentity;
  private readonly permissionSet: PermissionSet | undefined;
  private readonly simulations: ITerraformDependable[] = [];
  /** Made once each: a token records where it was made, which is most of the time that a synth takes. */
  private readonly tokens: { arn?: string; name?: string; uniqueId?: string; replacement?: string } = {};

  constructor(scope: Construct, id: string, props: CrossAccountRoleProps) {
    super(scope, id);
    refuse(this.label, [
      externalIdProblem(props.externalId),
      ...principalProblems(props.principal, props.partition),
      partitionProblem(props.partition),
      ...roleNameProblems(props.roleName, props.roleNamePrefix),
      pathProblem(props.path),
      descriptionProblem(props.description),
      ...tagsProblems(props.tags),
      maxSessionDurationProblem(props.maxSessionDuration),
      permissionsBoundaryProblem(props.permissionsBoundary),
      ...(isPermissionSet(props.permissions) ? [] : permissionsProblems(props.permissions)),
      expectedAccountIdProblem(props.expectedAccountId),
      ...choiceProblems(props),
    ]);
    this.props = props;
    const principals = typeof props.principal === 'string' ? [props.principal] : props.principal;
    this.partition = props.partition ?? principals.map(partitionOf).find(Boolean) ?? 'aws';

    this.trustPolicyJson = documentJson(
      trustPolicy({
        principals,
        externalId: props.externalId,
        partition: this.partition,
        allowSessionTags: props.allowSessionTags ?? false,
        allowSourceIdentity: props.allowSourceIdentity ?? false,
      }),
    );
    this.role = new IamRole(this, 'role', this.roleConfig());
    this.reviewTrust(principals);
    if (props.selfInspection ?? true)
      this.selfInspection = new IamRolePolicy(this, 'self-inspection', {
        name: 'self-inspection',
        role: this.roleName,
        policy: documentJson(selfInspectionPolicy(this.roleArn)),
        ...this.policyConfig(),
      });

    const permissions: Permissions =
      typeof props.permissions === 'string' ? { preset: props.permissions } : (props.permissions ?? {});
    this.permissionSet = isPermissionSet(props.permissions) ? props.permissions : undefined;
    if (permissions.preset !== undefined) this.addManagedPolicy(PRESET_POLICIES[permissions.preset]);
    for (const policy of permissions.managedPolicies ?? []) this.addManagedPolicy(policy);
    const [inline = [], ...more] = splitByQuota(permissions.statements ?? []);
    this.addStatements(...inline);
    for (const [index, statements] of more.entries())
      this.addOwnPolicy(`statements-${index + 2}`, statements);
    if (props.simulatePermissions && this.permissionSet)
      this.simulations.push(
        ...simulatePermissions(this, this.permissionSet, {
          arn: this.role.arn,
          after: this.dependencies(),
          ...this.withProvider(),
        }),
      );
    this.node.addValidation({ validate: () => this.sizeProblems() });
  }

  /** The role's ARN, as a token. */
  get roleArn(): string {
    this.tokens.arn ??= this.role.arn;
    return this.tokens.arn;
  }

  /** The id of the account that the role is in, as a token: read from the ARN, so nothing more is asked of AWS. */
  get accountId(): string {
    return Fn.element(Fn.split(':', this.roleArn), 4);
  }

  /** The role's name, as a token. */
  get roleName(): string {
    this.tokens.name ??= this.role.name;
    return this.tokens.name;
  }

  /** IAM's unique id of the role (`AROA…`), as a token: a role that was deleted and made again has another. */
  get roleUniqueId(): string {
    this.tokens.uniqueId ??= this.role.uniqueId;
    return this.tokens.uniqueId;
  }

  /**
   * Attaches a managed policy: the name of one of AWS's own, or the ARN of any. A callback of this role waits
   * for it too. The same policy twice is attached once.
   */
  addManagedPolicy(nameOrArn: string): this {
    refuse(this.label, [managedPolicyProblem(nameOrArn)]);
    const policyArn = managedPolicyArn(nameOrArn, this.partition);
    const attachmentId = this.attachmentId(policyArn);
    if (this.attachments.has(attachmentId)) return this;
    const attachment = new IamRolePolicyAttachment(this, attachmentId, {
      role: this.roleName,
      policyArn,
      ...this.policyConfig(),
    });
    this.attachments.set(attachmentId, attachment);
    if (isAdministratorPolicy(policyArn)) this.reviewAdministrator();
    if (this.attachments.size > ATTACHED_POLICIES_QUOTA)
      this.warn(
        'attached-policies-quota',
        `more than ${ATTACHED_POLICIES_QUOTA} managed policies are attached; IAM takes ${ATTACHED_POLICIES_QUOTA} unless the account's quota was raised (at most ${ATTACHED_POLICIES_MAXIMUM}). Put statements together.`,
      );
    return this;
  }

  /** Adds statements to the policy inside the role. A callback of this role waits for it too. */
  addStatements(...statements: PolicyStatement[]): this {
    refuse(this.label, statements.flatMap(statementProblems));
    if (statements.length === 0) return this;
    this.statements.push(...statements);
    this.inlinePolicy ??= new IamRolePolicy(this, 'policy', {
      name: 'vendor-access',
      role: this.roleName,
      policy: Lazy.stringValue({ produce: () => this.inlinePolicyJson() }),
      ...this.policyConfig(),
    });
    if (statements.some(isAdministratorStatement)) this.reviewAdministrator();
    return this;
  }

  /** What an inline policy has no room for. */
  private addOwnPolicy(id: string, statements: readonly PolicyStatement[]): void {
    const policy = new IamPolicy(this, id, {
      namePrefix: this.props.roleName ?? this.props.roleNamePrefix ?? 'vendor-access-',
      policy: documentJson(policyDocument(statements)),
      ...this.withProvider(),
    });
    this.addManagedPolicy(policy.arn);
    if (statements.some(isAdministratorStatement)) this.reviewAdministrator();
  }

  /** The role and every policy of it: what has to exist before the role is of use. */
  dependencies(): ITerraformDependable[] {
    return [
      this.role,
      ...this.attachments.values(),
      ...[this.selfInspection, this.inlinePolicy].filter((policy) => policy !== undefined),
      ...this.simulations,
    ];
  }

  /** Creates the role after it. @internal */
  _dependOn(before: ITerraformDependable): void {
    this.role.dependsOn = [...(this.role.dependsOn ?? []), dependable(before)];
  }

  /** The account of the AWS credentials in use, as a token. @internal */
  _callerAccountId(): string {
    this.caller ??= new DataAwsCallerIdentity(this, 'caller', this.withProvider());
    return this.caller.accountId;
  }

  /** What the callback script compares the service's answer with. @internal */
  _callbackEnvironment(): Record<string, string> {
    const { externalId, principal } = this.props;
    const [one, ...others] = typeof principal === 'string' ? [principal] : principal;
    return {
      CONNECT_EXTERNAL_ID: Token.isUnresolved(externalId) ? nonsensitive(externalId) : externalId,
      ...(this.permissionSet && {
        CONNECT_PERMISSION_SET: this.permissionSet.id,
        CONNECT_WITHOUT: this.permissionSet.without.join(','),
      }),
      CONNECT_PRINCIPAL: one === undefined || others.length > 0 || Token.isUnresolved(one) ? '' : one,
    };
  }

  /** What a verification of the role depends on, besides its ARN: changes exactly when one of these does. */
  fingerprints(): Record<string, string | string[]> {
    return {
      trust_policy: fingerprint(this.trustPolicyJson),
      managed_policies: this.attachedPolicies().sort(),
      inline_policy: this.inlinePolicy ? fingerprint(this.inlinePolicyJson()) : '',
      ...(this.permissionSet && {
        permission_set: [this.permissionSet.id, ...this.permissionSet.without].join(' '),
      }),
      self_inspection: String(this.selfInspection !== undefined),
      permissions_boundary: this.props.permissionsBoundary ?? '',
    };
  }

  /** Through the attachments, so that a resource that reads this waits for them. */
  private attachedPolicies(): string[] {
    return [...this.attachments].map(([id, attachment]) => {
      const known = this.policyTokens.get(id) ?? attachment.policyArn;
      this.policyTokens.set(id, known);
      return known;
    });
  }

  private roleConfig(): IamRoleConfig {
    const { props } = this;
    return {
      ...(props.roleName === undefined
        ? { namePrefix: props.roleNamePrefix ?? 'vendor-access-' }
        : { name: props.roleName }),
      assumeRolePolicy: this.trustPolicyJson,
      description: props.description ?? "Lets a vendor in, with the connection's external ID",
      // A policy that someone attached by hand must not keep the role from being destroyed.
      forceDetachPolicies: true,
      ...(props.path === undefined ? {} : { path: props.path }),
      ...(props.tags === undefined ? {} : { tags: { ...props.tags } }),
      ...(props.maxSessionDuration === undefined ? {} : { maxSessionDuration: props.maxSessionDuration }),
      ...(props.permissionsBoundary === undefined ? {} : { permissionsBoundary: props.permissionsBoundary }),
      ...(props.expectedAccountId === undefined
        ? {}
        : { lifecycle: { precondition: [this.accountPrecondition(props.expectedAccountId)] } }),
      ...this.withProvider(),
    };
  }

  private accountPrecondition(expectedAccountId: string) {
    const accountId = this._callerAccountId();
    return {
      condition: Op.eq(accountId, expectedAccountId),
      errorMessage: `account_mismatch: your AWS credentials are of account ${accountId}, and this connection is for account ${expectedAccountId}. Nothing was created. Use credentials of the expected account, or correct expectedAccountId.`,
    };
  }

  private inlinePolicyJson(): string {
    return documentJson(policyDocument(this.statements));
  }

  /** A role that is replaced under its old name has lost its policies, and Terraform knows them by that name only. */
  private policyConfig() {
    this.tokens.replacement ??= `${dependable(this.role)}.unique_id`;
    return { lifecycle: { replaceTriggeredBy: [this.tokens.replacement] }, ...this.withProvider() };
  }

  private withProvider(): { provider?: TerraformProvider } {
    return this.props.provider === undefined ? {} : { provider: this.props.provider };
  }

  /** Stable when policies are put in another order: an attachment that moves may end detached. */
  private attachmentId(policyArn: string): string {
    if (Token.isUnresolved(policyArn)) {
      const resolver = new DefaultTokenResolver(new StringConcat());
      const expression = String(Tokenization.resolve(policyArn, { scope: this, resolver, preparing: true }));
      const reference = /^\$\{([\w.-]+)\}$/.exec(expression)?.[1];
      return `attachment-${reference ?? fingerprint(expression.replaceAll('${', '')).slice(0, 12)}`;
    }
    return `attachment-${policyArn.replace(/^arn:[^:]+:iam::(?:aws:policy\/)?/, '').replace(/[^\w+=,.@-]/g, '-')}`;
  }

  private reviewTrust(principals: readonly string[]): void {
    const accounts = wholeAccounts(principals);
    if (accounts.length > 0)
      this.warn(
        'whole-account-trust',
        `principal ${accounts.join(', ')} is a whole account: everyone whom its administrators let assume roles can use this one. Prefer the ARN of one role.`,
      );
    const size = documentSize(this.trustPolicyJson);
    if (size > TRUST_POLICY_QUOTA * 0.8)
      this.warn(
        'trust-policy-size',
        `the trust policy has ${size} characters; IAM takes ${TRUST_POLICY_QUOTA} unless the account's quota was raised (at most ${TRUST_POLICY_MAXIMUM}). Name fewer principals.`,
      );
  }

  private reviewAdministrator(): void {
    if (this.props.permissionsBoundary !== undefined) return;
    this.warn(
      'administrator-without-boundary',
      'the principal gets every permission in this account, with no permissionsBoundary. Prefer a narrower policy, or set a boundary.',
    );
  }

  private warn(warning: RoleWarning, message: string): void {
    if (this.props.acknowledge?.includes(warning)) return;
    const text = `${message} If this is meant, give acknowledge: ['${warning}'].`;
    if (this.node.metadata.some(({ data }) => data === text)) return;
    Annotations.of(this).addWarning(text);
  }

  private sizeProblems(): string[] {
    const trust = documentSize(this.trustPolicyJson);
    const inline = this.inlinePolicy ? documentSize(this.inlinePolicyJson()) : 0;
    const source = 'https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html';
    return [
      ...(trust > TRUST_POLICY_MAXIMUM
        ? [
            `principal: the trust policy has ${trust} characters, and IAM takes at most ${TRUST_POLICY_MAXIMUM} (${source})`,
          ]
        : []),
      ...(inline > INLINE_POLICIES_QUOTA
        ? [
            `permissions.statements: the policy has ${inline} characters, and IAM takes at most ${INLINE_POLICIES_QUOTA} (${source})`,
          ]
        : []),
      ...(this.attachments.size > ATTACHED_POLICIES_MAXIMUM
        ? [
            `permissions.managedPolicies: ${this.attachments.size} are attached, and IAM takes at most ${ATTACHED_POLICIES_MAXIMUM} (${source})`,
          ]
        : []),
    ];
  }

  private get label(): string {
    return `CrossAccountRole '${this.node.path}'`;
  }
}

/** The first part is for the inline policy, the others for managed policies: each within IAM's quota. */
function splitByQuota(statements: readonly PolicyStatement[]): PolicyStatement[][] {
  const parts: PolicyStatement[][] = [[]];
  for (const statement of statements) {
    const last = parts.at(-1) ?? [];
    // Room for self-inspection, and for statements that are added later.
    const quota = parts.length === 1 ? INLINE_POLICIES_QUOTA - 1_000 : MANAGED_POLICY_QUOTA;
    if (last.length > 0 && documentSize(documentJson(policyDocument([...last, statement]))) > quota)
      parts.push([statement]);
    else last.push(statement);
  }
  return parts;
}

/** By shape: an app can have loaded two copies of this package. */
const isPermissionSet = (permissions: CrossAccountRoleProps['permissions']): permissions is PermissionSet =>
  typeof permissions === 'object' && permissions !== null && 'without' in permissions && 'id' in permissions;

/** IAM counts without whitespace; a size that only Terraform knows counts as none. */
function documentSize(json: string): number {
  return Token.isUnresolved(json) ? 0 : json.replace(/\s/g, '').length;
}
