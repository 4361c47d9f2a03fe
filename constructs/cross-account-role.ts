/** The IAM role that lets a vendor in, and only with the connection's external ID. */
import { DataAwsCallerIdentity } from '@cdktf/provider-aws/lib/data-aws-caller-identity';
import { IamRole, type IamRoleConfig } from '@cdktf/provider-aws/lib/iam-role';
import {
  Annotations,
  dependable,
  Fn,
  type ITerraformDependable,
  Op,
  type TerraformProvider,
  Token,
} from 'cdktf';
import { Construct } from 'constructs';
import { nonsensitive } from './callback-provisioner';
import type { CrossAccountRoleProps } from './cross-account-role-props';
import { documentJson, fingerprint } from './iam/document-json';
import type { PermissionSet } from './iam/permission-set';
import { type Permissions, type PolicyStatement, PRESET_POLICIES } from './iam/permissions';
import { type Partition, partitionOf, trustPolicy } from './iam/trust-policy';
import { simulatePermissions } from './permission-simulation';
import { managedPolicyProblem, statementsProblems } from './props/permissions';
import { roleProblems } from './props/role';
import { refuse } from './props/rules';
import { RolePolicies } from './role-policies';
import {
  administratorWarning,
  attachedWarnings,
  sizeProblems,
  trustWarnings,
  type Warning,
} from './role-quotas';
import { tokenOf } from './token-of';

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
  /** The role itself, for everything without a prop of this construct. */
  readonly role: IamRole;
  /** The partition of the role. */
  readonly partition: Partition;

  private readonly props: CrossAccountRoleProps;
  private readonly trustPolicyJson: string;
  private readonly policies: RolePolicies;
  private caller?: DataAwsCallerIdentity;
  private readonly permissionSet: PermissionSet | undefined;
  private readonly simulations: ITerraformDependable[] = [];

  constructor(scope: Construct, id: string, props: CrossAccountRoleProps) {
    super(scope, id);
    refuse(this.label, roleProblems({ ...props, permissions: policiesIn(props.permissions) }));
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
    for (const warning of trustWarnings(principals, this.trustPolicyJson)) this.warn(...warning);
    this.policies = new RolePolicies(this, {
      role: this.role,
      roleName: this.roleName,
      partition: this.partition,
      namePrefix: props.roleName ?? this.namePrefix,
      provider: this.providerConfig(),
    });
    if (props.selfInspection ?? true) this.policies.allowSelfInspection(this.roleArn);

    const permissions: Permissions =
      typeof props.permissions === 'string' ? { preset: props.permissions } : (props.permissions ?? {});
    this.permissionSet = isPermissionSet(props.permissions) ? props.permissions : undefined;
    if (permissions.preset !== undefined) this.policies.attach(PRESET_POLICIES[permissions.preset]);
    for (const policy of permissions.managedPolicies ?? []) this.policies.attach(policy);
    this.policies.addAll(permissions.statements ?? []);
    this.warnAboutPermissions();
    if (props.simulatePermissions && this.permissionSet)
      this.simulations.push(
        ...simulatePermissions(this, this.permissionSet, {
          arn: this.role.arn,
          after: this.dependencies(),
          ...this.providerConfig(),
        }),
      );
    this.node.addValidation({
      validate: () => sizeProblems(this.trustPolicyJson, this.policies.inlineJson(), this.policies.attached),
    });
  }

  /** The role's ARN, as a token. */
  get roleArn(): string {
    return tokenOf(this.role, 'arn', () => this.role.arn);
  }

  /** The id of the account that the role is in, as a token: read from the ARN, without another AWS call. */
  get accountId(): string {
    return Fn.element(Fn.split(':', this.roleArn), 4);
  }

  /** The role's name, as a token. */
  get roleName(): string {
    return tokenOf(this.role, 'name', () => this.role.name);
  }

  /** IAM's unique id of the role (`AROA…`), as a token: a role that was deleted and created again has another. */
  get roleUniqueId(): string {
    return tokenOf(this.role, 'uniqueId', () => this.role.uniqueId);
  }

  /**
   * Attaches a managed policy: the name of one of AWS's own, or the ARN of any. A callback of this role waits
   * for it too. The same policy twice is attached once.
   */
  addManagedPolicy(nameOrArn: string): this {
    refuse(this.label, managedPolicyProblem(nameOrArn));
    this.policies.attach(nameOrArn);
    this.warnAboutPermissions();
    return this;
  }

  /** Adds statements to the policy inside the role. A callback of this role waits for it too. */
  addStatements(...statements: PolicyStatement[]): this {
    refuse(this.label, statementsProblems(statements));
    this.policies.add(statements);
    this.warnAboutPermissions();
    return this;
  }

  /** The role and every policy of it: everything that must exist before the role can be used. */
  dependencies(): ITerraformDependable[] {
    return [this.role, ...this.policies.dependencies(), ...this.simulations];
  }

  /** Creates the role after it. @internal */
  _createAfter(before: ITerraformDependable): void {
    this.role.dependsOn = [...(this.role.dependsOn ?? []), dependable(before)];
  }

  /** The account of the AWS credentials in use, as a token. @internal */
  _callerAccountId(): string {
    this.caller ??= new DataAwsCallerIdentity(this, 'caller', this.providerConfig());
    return this.caller.accountId;
  }

  /** Values that the callback script compares with the service's answer. @internal */
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

  /** Fingerprint of the verified inputs besides the ARN: changes exactly when one of them changes. */
  fingerprints(): Record<string, string | string[]> {
    return {
      trust_policy: fingerprint(this.trustPolicyJson),
      ...this.policies.fingerprints(),
      ...(this.permissionSet && {
        permission_set: [this.permissionSet.id, ...this.permissionSet.without].join(' '),
      }),
      permissions_boundary: this.props.permissionsBoundary ?? '',
    };
  }

  private roleConfig(): IamRoleConfig {
    const { props } = this;
    return {
      ...(props.roleName === undefined ? { namePrefix: this.namePrefix } : { name: props.roleName }),
      assumeRolePolicy: this.trustPolicyJson,
      description:
        props.description ?? "Cross-account access for a vendor, with the connection's external ID",
      // A policy that someone attached by hand must not keep the role from being destroyed.
      forceDetachPolicies: true,
      ...(props.path === undefined ? {} : { path: props.path }),
      ...(props.tags === undefined ? {} : { tags: { ...props.tags } }),
      ...(props.maxSessionDuration === undefined ? {} : { maxSessionDuration: props.maxSessionDuration }),
      ...(props.permissionsBoundary === undefined ? {} : { permissionsBoundary: props.permissionsBoundary }),
      ...(props.expectedAccountId !== undefined && {
        lifecycle: { precondition: [this.accountPrecondition(props.expectedAccountId)] },
      }),
      ...this.providerConfig(),
    };
  }

  private accountPrecondition(expectedAccountId: string) {
    const accountId = this._callerAccountId();
    return {
      condition: Op.eq(accountId, expectedAccountId),
      errorMessage: `account_mismatch: your AWS credentials are of account ${accountId}, and this connection is for account ${expectedAccountId}. Nothing was created. Use credentials of the expected account, or correct expectedAccountId.`,
    };
  }

  private providerConfig(): { provider?: TerraformProvider } {
    return this.props.provider === undefined ? {} : { provider: this.props.provider };
  }

  private warnAboutPermissions(): void {
    const { isAdministrator, attached } = this.policies;
    if (isAdministrator && this.props.permissionsBoundary === undefined) this.warn(...administratorWarning);
    for (const warning of attachedWarnings(attached)) this.warn(...warning);
  }

  private warn(...[warning, message]: Warning): void {
    if (this.props.acknowledge?.includes(warning)) return;
    const text = `${message} If this is intended, set acknowledge: ['${warning}'].`;
    if (this.node.metadata.some(({ data }) => data === text)) return;
    Annotations.of(this).addWarning(text);
  }

  private get namePrefix(): string {
    return this.props.roleNamePrefix ?? 'vendor-access-';
  }

  private get label(): string {
    return `CrossAccountRole '${this.node.path}'`;
  }
}

/** Compares the shape and not the class: an app can have loaded two copies of this package. */
const isPermissionSet = (permissions: CrossAccountRoleProps['permissions']): permissions is PermissionSet =>
  typeof permissions === 'object' && permissions !== null && 'without' in permissions && 'id' in permissions;

/** The policies of a set, or the permissions as they are. */
const policiesIn = (permissions: CrossAccountRoleProps['permissions']) =>
  isPermissionSet(permissions)
    ? { managedPolicies: permissions.managedPolicies, statements: permissions.statements }
    : permissions;
