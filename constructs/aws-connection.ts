/** Role and callback in one, for most stacks. */
import { Construct } from 'constructs';
import { labelOf } from './callback-provisioner';
import { type CallbackOptions, ConnectionCallback } from './connection-callback';
import { checkBeforeRole } from './connection-check';
import { CrossAccountRole } from './cross-account-role';
import type { CrossAccountRoleProps } from './cross-account-role-props';
import type { PolicyStatement } from './iam/permissions';
import { vendorNameProblem } from './props/callback';
import { refuse } from './props/rules';

/** Props of {@link AwsConnection}: those of the role and those of the callback. */
export interface AwsConnectionProps extends CrossAccountRoleProps, CallbackOptions {}

/**
 * Connects this AWS account to the vendor's platform: a role that only the vendor can assume, and only with the
 * connection's external ID, registered with the vendor's service. The deploy succeeds when the service has
 * verified the role, and fails with the reason when it has not.
 *
 * Set `CONNECT_CALLBACK_SECRET` where Terraform runs. For several connections in one stack, set
 * `CONNECT_CALLBACK_SECRET_<CONNECTION ID IN CAPITALS>` for each.
 *
 * @example
 * new AwsProvider(this, 'aws', { region: 'eu-central-1' });
 * new AwsConnection(this, 'Vendor', {
 *   connectionId: 'con_8f3k…',
 *   externalId: '3d4a…',
 *   principal: 'arn:aws:iam::123456789012:role/rolebridge',
 *   callbackUrl: 'https://connect.vendor.example/v1/callbacks',
 *   permissions: 'read-only',
 *   scope: { project: 'shop', environment: 'production' },
 * });
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_common-scenarios_third-party.html
 */
export class AwsConnection extends Construct {
  /** The role. */
  readonly role: CrossAccountRole;
  /** The callback. */
  readonly callback: ConnectionCallback;

  constructor(scope: Construct, id: string, props: AwsConnectionProps) {
    super(scope, id);
    refuse(`AwsConnection '${this.node.path}'`, vendorNameProblem(props.vendorName));
    this.role = new CrossAccountRole(this, 'role', props);
    const { vendorName = labelOf(id) } = props;
    checkBeforeRole(this, 'check', { ...props, vendorName, role: this.role });
    this.callback = new ConnectionCallback(this, 'callback', { ...props, vendorName, role: this.role });
  }

  /** The role's ARN, as a token. */
  get roleArn(): string {
    return this.role.roleArn;
  }

  /** The id of the account that was connected, as a token. */
  get accountId(): string {
    return this.role.accountId;
  }

  /**
   * The URL of the connection's status, readable with its status token (`rbs_…`).
   * @see {@link ConnectionCallback.statusUrl}
   */
  get statusUrl(): string {
    return this.callback.statusUrl;
  }

  /** Attaches one more managed policy, before the connection is registered. */
  addManagedPolicy(nameOrArn: string): this {
    this.role.addManagedPolicy(nameOrArn);
    return this;
  }

  /** Adds statements to the policy inside the role, before the connection is registered. */
  addStatements(...statements: PolicyStatement[]): this {
    this.role.addStatements(...statements);
    return this;
  }
}
