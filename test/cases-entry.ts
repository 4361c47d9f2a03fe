/**
 * The door for scripts outside this repository, such as collections of inputs that once failed:
 *
 *     const { startCases } = await import(`${checkout}/test/cases-entry.ts`); // node --import tsx
 *     const cases = await startCases();
 *     const { accountId } = cases.createAccount();
 *     const { body: connection } = await cases.call('POST', '/v1/connections', { name: 'shop', expectedAccountId: accountId });
 *     const roleArn = cases.createRole({ accountId, externalId: connection.externalId });
 *     const message = cases.signCallback({ secret: connection.callbackSecret, connectionId: connection.id, roleArn });
 *     const { status, body } = await cases.sendCallback(message);
 *     await cases.close();
 *
 * These names, parameters and results stay as they are, whatever moves behind them: members may be added, and no
 * other file of `test/` is stable. `test/service/cases-entry.test.ts` holds the shape.
 */
import { callbackMessage, deprovisioned, provisioned } from './callback-message.js';
import { type ApiAnswer, startVendor } from './vendor.js';

export interface CasesOptions {
  /** How long the sandbox's IAM takes to know a change; 0 by default. */
  readonly propagationDelayMs?: number;
  /** How long a verification waits for a new role to be known; 3,000 by default. */
  readonly propagationWindowMs?: number;
  /** Where webhooks go: `http:` URLs of the loopback are allowed. */
  readonly webhooks?: { readonly endpoints: readonly string[]; readonly secrets: readonly string[] };
}

export interface CallbackToSign {
  /** The connection's callback secret (`whsec_…`). */
  readonly secret: string;
  readonly connectionId: string;
  readonly roleArn: string;
  /** `role.provisioned` by default. */
  readonly type?: 'role.provisioned' | 'role.deprovisioned';
  readonly scope?: Record<string, string>;
  /** More members of the event's `data`. */
  readonly data?: Record<string, unknown>;
  /** `webhook-id`; random by default. */
  readonly id?: string;
  /** `webhook-timestamp` in seconds; now by default. */
  readonly timestamp?: number;
}

export interface SignedCallback {
  readonly headers: Record<string, string>;
  readonly body: string;
}

export interface Cases {
  /** The service. */
  readonly url: string;
  /** The AWS sandbox: the endpoint of STS, IAM and KMS. */
  readonly sandboxUrl: string;
  /** The API key of the one organization that is there. */
  readonly apiKey: string;
  readonly organizationId: string;
  /** The ARN that assumes customers' roles. */
  readonly principal: string;
  /** The data directory. */
  readonly directory: string;
  /** The service's log so far, a JSON text a line. */
  readonly logs: readonly string[];
  /** A call of the API; with another key than the organization's if given. */
  call(method: string, path: string, body?: unknown, apiKey?: string): Promise<ApiAnswer>;
  /** An AWS account of a customer, with credentials of its administrator. */
  createAccount(): { accountId: string; accessKeyId: string; secretAccessKey: string };
  /** A role whose trust policy is as documented, or the given one; its ARN. */
  createRole(role: {
    readonly accountId: string;
    readonly roleName?: string;
    readonly externalId?: string;
    readonly trustPolicy?: object;
  }): string;
  /** A callback as a customer's stack signs it. */
  signCallback(callback: CallbackToSign): SignedCallback;
  sendCallback(message: SignedCallback): Promise<ApiAnswer>;
  close(): Promise<void>;
}

/** Starts the AWS sandbox and the service on a new data directory, in this process. */
export async function startCases({ webhooks, ...options }: CasesOptions = {}): Promise<Cases> {
  const vendor = await startVendor({
    ...options,
    ...(webhooks && { webhooks: { ...webhooks, allowsPrivate: true } }),
  });
  const trustPolicy = (externalId?: string) => ({
    Version: '2012-10-17',
    Statement: [
      {
        Effect: 'Allow',
        Principal: { AWS: vendor.principal },
        Action: 'sts:AssumeRole',
        ...(externalId !== undefined && { Condition: { StringEquals: { 'sts:ExternalId': externalId } } }),
      },
    ],
  });
  return {
    url: vendor.service.url,
    sandboxUrl: vendor.sandbox.url,
    apiKey: vendor.apiKey,
    organizationId: vendor.organization.id,
    principal: vendor.principal,
    directory: vendor.directory,
    logs: vendor.logs,
    call: (method, path, body, apiKey) => vendor.call(method, path, body, apiKey),
    createAccount() {
      const { accountId, admin } = vendor.sandbox.createAccount();
      return { accountId, accessKeyId: admin.accessKeyId, secretAccessKey: admin.secretAccessKey };
    },
    createRole: ({ accountId, roleName = 'rolebridge', externalId, trustPolicy: own }) =>
      vendor.sandbox.createRole(accountId, { roleName, trustPolicy: own ?? trustPolicy(externalId) }).arn,
    signCallback({ secret, connectionId, roleArn, type = 'role.provisioned', scope, data, ...message }) {
      const event =
        type === 'role.provisioned'
          ? provisioned(connectionId, roleArn, scope)
          : deprovisioned(connectionId, roleArn);
      return callbackMessage(secret, { ...event, data: { ...event.data, ...data } }, message);
    },
    async sendCallback(message) {
      const response = await fetch(`${vendor.service.url}/v1/callbacks`, { method: 'POST', ...message });
      return { status: response.status, body: await response.json(), headers: response.headers };
    },
    close: () => vendor.close(),
  };
}
