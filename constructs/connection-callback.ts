/** The callback: registers the role with the vendor's service, and deregisters it at destroy. */
import type { IamRole } from '@cdktf/provider-aws/lib/iam-role';
import { type ITerraformDependable, type LocalExecProvisioner, type TerraformVariable, Token } from 'cdktf';
import { Construct } from 'constructs';
import { callbackEnvironment, labelOf, runScript, scriptPath } from './callback-provisioner';
import { type ConnectionHealth, HealthCheck, statusUrlOf } from './connection-health';
import type { CrossAccountRole } from './cross-account-role';
import { documentJson, fingerprint } from './iam/document-json';
import { callbackProblems } from './props/callback';
import { refuse } from './props/rules';
import { TerraformData } from './terraform-data';

/**
 * Where the connection applies; empty is the organization's default. Each name is 1–64 characters of
 * `[A-Za-z0-9._-]`, the first a letter or digit.
 */
export interface ConnectionScope {
  /**
   * The project.
   * @default - every project
   */
  readonly project?: string;
  /**
   * The environment inside the project.
   * @default - every environment
   */
  readonly environment?: string;
  /**
   * The architecture inside the environment.
   * @default - every architecture
   */
  readonly architecture?: string;
}

/** Props that {@link ConnectionCallback} and `AwsConnection` have in common. */
export interface CallbackOptions {
  /**
   * The vendor's name before each line of the deploy's output: 1–32 characters of `[A-Za-z0-9._-]`.
   * @default - the id of this construct
   */
  readonly vendorName?: string;
  /** The connection's id (`con_…`), as the service gave it. */
  readonly connectionId: string;
  /** The service's callback URL: https, or http on loopback. */
  readonly callbackUrl: string;
  /**
   * Where the connection applies. `{}` is the organization's default.
   * @default - omitted: the service keeps its value
   */
  readonly scope?: ConnectionScope;
  /**
   * The account that this has to be deployed into; another one is not registered.
   * @default - any account
   * @see https://docs.aws.amazon.com/accounts/latest/reference/manage-acct-identifiers.html
   */
  readonly expectedAccountId?: string;
  /**
   * How long to retry the registration while the service says "not yet" or can't be reached, in seconds.
   * @default 120
   */
  readonly callbackTimeoutSeconds?: number;
  /**
   * How long to retry the deregistration at destroy, in seconds.
   * @default 15
   */
  readonly destroyTimeoutSeconds?: number;
  /**
   * Whether a destroy fails when the service was not notified, whatever the cause: no Node, no secret, no connection, a
   * refusal. By default each of them is a warning, and the role is deleted.
   * @default false
   */
  readonly failDestroyWhenUnreachable?: boolean;
  /**
   * A sensitive Terraform variable with the callback secret, for runners where no environment variable can be
   * set. Only for the registration: the deregistration always reads the environment. The variable's value
   * is in no state file, but it is in a saved plan file (as every variable's is): keep those as you keep the secret.
   * @default - the script reads `CONNECT_CALLBACK_SECRET_<CONNECTION ID IN CAPITALS>`, or else
   * `CONNECT_CALLBACK_SECRET`, from the environment of the person or job that runs Terraform
   * @see https://developer.hashicorp.com/terraform/language/values/variables#suppressing-values-in-cli-output
   */
  readonly callbackSecret?: TerraformVariable;
  /**
   * Puts the connection's health into every plan and apply: Terraform asks the service, and a connection that does not
   * work is a warning with the reason. It never stops a plan, even if the service can't be reached.
   *
   * This needs Terraform 1.5 or OpenTofu 1.6, and their `http` provider, which is downloaded. Terraform reads
   * the health again at the apply, so `terraform plan -detailed-exitcode` returns 2 even if nothing is to be changed.
   * @default - the plan does not ask, and needs no other provider
   * @see https://developer.hashicorp.com/terraform/language/block/check
   */
  readonly health?: ConnectionHealth;
}

/** Props of {@link ConnectionCallback}. */
export interface ConnectionCallbackProps extends CallbackOptions {
  /** The role to register: a `CrossAccountRole`, or an `IamRole` that your stack already has. */
  readonly role: CrossAccountRole | IamRole;
  /**
   * More resources that must exist before the registration and are destroyed after the deregistration: the policies of an
   * `IamRole`, for instance. Those of a `CrossAccountRole` are waited for automatically.
   * @default - the role, and the policies of a `CrossAccountRole`
   */
  readonly dependsOn?: ITerraformDependable[];
}

/**
 * Registers a role with the service when it and all its policies exist (`role.provisioned`), again when any input
 * changes, and deregisters it at destroy before anything of it goes (`role.deprovisioned`).
 *
 * The secret comes from the environment of the person or job that runs Terraform, so it is in no synthesized JSON, plan,
 * state or log: `CONNECT_CALLBACK_SECRET`, or for several connections in one stack
 * `CONNECT_CALLBACK_SECRET_CON_8F3K…` (the connection's id in capitals), which comes first.
 *
 * Run `cdktf destroy`, or `terraform destroy -target`, before you delete the code: Terraform can't run destroy-time
 * provisioners for code that no longer exists, so the service notices at its next check only.
 *
 * @example
 * new ConnectionCallback(this, 'Callback', {
 *   role,
 *   connectionId: 'con_8f3k…',
 *   callbackUrl: 'https://connect.vendor.example/v1/callbacks',
 *   scope: { project: 'shop', environment: 'production' },
 * });
 * @see https://developer.hashicorp.com/terraform/language/resources/provisioners/syntax#destroy-time-provisioners
 */
export class ConnectionCallback extends Construct {
  private readonly props: ConnectionCallbackProps;
  private readonly extraDependencies: ITerraformDependable[];

  constructor(scope: Construct, id: string, props: ConnectionCallbackProps) {
    super(scope, id);
    refuse(`ConnectionCallback '${this.node.path}'`, callbackProblems({ ...props }));
    this.props = props;
    this.extraDependencies = [...(props.dependsOn ?? [])];

    // Two resources for one fact, because Terraform runs destroy-time provisioners on every replacement: one is
    // replaced when an input changes and only registers; one is never replaced for that and only deregisters.
    const deregistration = new TerraformData(this, 'deregistration', {
      after: () => this.dependencies(),
      input: {
        connection_id: props.connectionId,
        callback_url: props.callbackUrl,
        role_arn: this.roleArn,
        role_id: this.roleId,
      },
      // The role is no longer another connection's: that one has to hear of it.
      triggersReplace: () => ({ connection_id: props.connectionId }),
      provisioner: this.deregistrationProvisioner(),
    });
    const deregistrationId = deregistration.interpolationForAttribute('id');
    const registration = new TerraformData(this, 'registration', {
      // It follows the deregistration too, so that an apply that stops after the registration can be destroyed.
      after: () => [...this.dependencies(), deregistration],
      // A new deregistration means that the old one has run: the role is registered again.
      triggersReplace: () => ({
        ...this.replacementTriggers(),
        deregistration: deregistrationId,
      }),
      provisioner: runScript(this, this.registrationEnvironment()),
    });
    if (props.health !== undefined)
      new HealthCheck(this, 'health', {
        ...props.health,
        connectionId: props.connectionId,
        statusUrl: this.statusUrl,
        after: registration,
      });
  }

  /**
   * The URL of the connection's status, readable with its status token: beside the callback URL.
   * `GET` with `Authorization: Bearer` answers `{ status, code?, checkedAt }`.
   */
  get statusUrl(): string {
    return statusUrlOf(this.props.callbackUrl, this.props.connectionId);
  }

  /** Makes the registration wait for more, and the deregistration go before it. */
  addDependency(...dependencies: ITerraformDependable[]): this {
    this.extraDependencies.push(...dependencies);
    return this;
  }

  private dependencies(): ITerraformDependable[] {
    const { role } = this.props;
    return [...(isCrossAccountRole(role) ? role.dependencies() : [role]), ...this.extraDependencies];
  }

  private get roleArn(): string {
    const { role } = this.props;
    return isCrossAccountRole(role) ? role.roleArn : role.arn;
  }

  private get roleId(): string {
    const { role } = this.props;
    return isCrossAccountRole(role) ? role.roleUniqueId : role.uniqueId;
  }

  private replacementTriggers(): Record<string, unknown> {
    const { role } = this.props;
    return {
      connection_id: this.props.connectionId,
      callback_url: this.props.callbackUrl,
      role_arn: this.roleArn,
      role_id: this.roleId,
      scope: this.scopeJson(),
      ...(isCrossAccountRole(role)
        ? role.fingerprints()
        : { trust_policy: fingerprint(role.assumeRolePolicyInput ?? '') }),
    };
  }

  private registrationEnvironment(): Record<string, string> {
    const { props } = this;
    const { role } = props;
    return {
      ...callbackEnvironment('role.provisioned', props, this.label),
      CONNECT_ROLE_ARN: this.roleArn,
      CONNECT_ROLE_ID: this.roleId,
      CONNECT_SCOPE: this.scopeJson(),
      CONNECT_EXPECTED_ACCOUNT_ID: props.expectedAccountId ?? '',
      ...(isCrossAccountRole(role) && role._callbackEnvironment()),
    };
  }

  /** Terraform lets a destroy-time provisioner name `self` only; literals are of the configuration at destroy. */
  private deregistrationProvisioner(): LocalExecProvisioner {
    const { failDestroyWhenUnreachable = false, destroyTimeoutSeconds = 15 } = this.props;
    // A shell, so that a machine without Node or the script can warn; no value is in the command. `sh` and `cmd` take it.
    const run = `node -e "require(require('node:path').resolve(process.env.CONNECT_SCRIPT))"`;
    const warning = `echo ${this.label}: warning: Node or the script failed, so the service was not notified`;
    return {
      type: 'local-exec',
      when: 'destroy',
      command: failDestroyWhenUnreachable ? run : `${run} || ${warning} && exit 0`,
      environment: {
        CONNECT_EVENT: 'role.deprovisioned',
        CONNECT_LABEL: this.label,
        CONNECT_SCRIPT: scriptPath(this),
        CONNECT_CALLBACK_URL: self('input.callback_url'),
        CONNECT_CONNECTION_ID: self('input.connection_id'),
        CONNECT_ROLE_ARN: self('input.role_arn'),
        CONNECT_ROLE_ID: self('input.role_id'),
        CONNECT_DEADLINE_SECONDS: String(destroyTimeoutSeconds),
        CONNECT_FAIL_WHEN_UNREACHABLE: String(failDestroyWhenUnreachable),
      },
    };
  }

  private get label(): string {
    return labelOf(this.props.vendorName ?? this.node.id);
  }

  private scopeJson(): string {
    const { scope } = this.props;
    if (scope === undefined) return '';
    if (Token.isUnresolved(scope)) return documentJson(scope);
    const { project, environment, architecture } = scope;
    return documentJson({ project, environment, architecture });
  }
}

/** Inputs of a destroy-time provisioner, stored in its resource. */
const self = (attribute: string): string => `\${self.${attribute}}`;

/** Compares the shape and not the class: an app can have loaded two copies of this package. */
function isCrossAccountRole(role: CrossAccountRole | IamRole): role is CrossAccountRole {
  return 'fingerprints' in role;
}
