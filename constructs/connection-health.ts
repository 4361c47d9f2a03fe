/** The connection's health in every plan: a `check` block that warns and never blocks. */
import {
  dependable,
  Fn,
  type ITerraformDependable,
  TerraformElement,
  type TerraformVariable,
  Token,
} from 'cdktf';
import type { Construct } from 'constructs';

/** How a connection's health is put into the plan. */
export interface ConnectionHealth {
  /**
   * A sensitive Terraform variable with the connection's status token (`rbs_…`), as the service gave it: it reads
   * whether this one connection works, and nothing else. Like every input of a data source, it is in the
   * state.
   * @see https://developer.hashicorp.com/terraform/language/values/variables
   */
  readonly statusToken: TerraformVariable;
  /**
   * How long to wait for the service, in seconds: 1–30.
   * @default 5
   */
  readonly timeoutSeconds?: number;
}

/** @internal */
export interface HealthCheckProps extends ConnectionHealth {
  readonly connectionId: string;
  readonly statusUrl: string;
  /** The registration: while it has changes to make, the health is read after them and not before. */
  readonly after: ITerraformDependable;
}

/**
 * Terraform's `check` block, which neither CDK has a construct for.
 *
 * The data source is inside the block: an error of one outside would stop the plan while the service is away.
 *
 * @see https://developer.hashicorp.com/terraform/language/block/check
 * @internal
 */
export class HealthCheck extends TerraformElement {
  constructor(
    scope: Construct,
    id: string,
    private readonly props: HealthCheckProps,
  ) {
    super(scope, id, 'check');
  }

  override toTerraform() {
    const { connectionId, statusUrl, statusToken, timeoutSeconds = 5, after } = this.props;
    // Terraform has one namespace for the data sources of all checks.
    const name = this.friendlyUniqueId;
    const answer = `jsondecode(data.http.${name}.response_body)`;
    return {
      // No version, so that a stack's own http provider keeps the one it has.
      terraform: { required_providers: { http: { source: 'hashicorp/http' } } },
      check: {
        [name]: {
          data: {
            http: {
              [name]: {
                url: statusUrl,
                request_headers: { Authorization: `Bearer ${statusToken.stringValue}` },
                request_timeout_ms: timeoutSeconds * 1000,
                depends_on: [dependable(after)],
              },
            },
          },
          assert: [
            {
              condition: `\${try(${answer}.status, "") == "connected"}`,
              error_message:
                `The connection ${connectionId} does not work: ` +
                `\${try("it is ${evaluated(`${answer}.status`)}", "its status can't be read (HTTP ${evaluated(`data.http.${name}.status_code`)})")}` +
                `\${try(" (${evaluated(`${answer}.code`)})", "")}` +
                `\${try(", as of ${evaluated(`${answer}.checkedAt`)}", "")}. ` +
                'Deploy again, or ask for support; nothing else in this plan depends on it.',
            },
          ],
        },
      },
    };
  }
}

/** The status URL of a connection: beside its callback URL. */
export function statusUrlOf(callbackUrl: string, connectionId: string): string {
  const relative = `connections/${connectionId}/status`;
  // Terraform takes a pattern between slashes as a regular expression.
  if (Token.isUnresolved(callbackUrl)) return Fn.replace(callbackUrl, '/[^/]*$/', relative);
  // A token in the id must not be percent-encoded, as a URL parser would.
  return callbackUrl.replace(/[?].*$/, '').replace(/[^/]*$/, relative);
}

/** An expression in a template that Terraform evaluates. */
function evaluated(expression: string): string {
  return `\${${expression}}`;
}
