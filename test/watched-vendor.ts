import { callbackMessage } from './callback-message.js';
import { passingClock, until } from './passing-clock.js';
import { startVendor } from './vendor.js';
import { startWebhookReceiver } from './webhook-receiver.js';

/** A vendor whose service runs its jobs, with an endpoint for webhooks, one clock for all, and customers. */
export async function startWatchedVendor(options: Parameters<typeof startVendor>[0] = {}) {
  const clock = passingClock();
  const receiver = await startWebhookReceiver();
  const vendor = await startVendor({
    clock,
    jobs: true,
    verifyStsCallsPerSecond: 1_000,
    webhooks: { endpoints: [receiver.url], secrets: [receiver.secret], allowsPrivate: true },
    ...options,
  });
  const { call, sandbox } = vendor;

  async function pending(name = 'customer', scope: object | undefined = undefined, key = vendor.apiKey) {
    const { body: connection } = await call(
      'POST',
      '/v1/connections',
      { name, ...(scope && { scope }) },
      key,
    );
    return connection;
  }

  /** A connection whose role works, of the vendor's first organization unless an API key of another is given. */
  async function connected(scope: object = {}, key = vendor.apiKey) {
    const connection = await pending('customer', scope, key);
    const { accountId } = sandbox.createAccount();
    const { arn } = sandbox.createRole(accountId, {
      roleName: 'rolebridge',
      trustPolicy: connection.trustPolicy,
    });
    const path = `/v1/connections/${connection.id}`;
    const put = () => call('PUT', `${path}/role`, { roleArn: arn }, key);
    let given = await put();
    // On a busy machine, the sandbox or the database may miss its time limit: both say to retry.
    for (let left = 5; /_unavailable$/.test(given.body.code) && left > 0; left--) given = await put();
    if (given.status !== 200) throw new Error(`Not connected: ${given.body.code}`);
    const trust = (externalId: unknown) => ({
      ...connection.trustPolicy,
      Statement: [
        {
          ...connection.trustPolicy.Statement[0],
          Condition: { StringEquals: { 'sts:ExternalId': externalId } },
        },
      ],
    });
    return {
      connection,
      id: connection.id as string,
      arn,
      accountId,
      path,
      trust,
      read: async () => (await call('GET', path, undefined, key)).body,
      status: async () => (await call('GET', path, undefined, key)).body.status as string,
      ask: (body: unknown = scope) => call('POST', '/v1/credentials', body, key),
      setTrust: (policy: object) => sandbox.updateTrustPolicy(arn, policy),
      audit: async (action?: string) =>
        (
          (await call('GET', `/v1/audit?connection=${connection.id}&limit=100`, undefined, key)).body
            .records as AuditView[]
        ).filter((record) => action === undefined || record.action === action),
      /** Calls to STS about the role so far. */
      calls: () => sandbox.requests.filter(({ roleArn }) => roleArn === arn).length,
    };
  }

  return {
    ...vendor,
    clock,
    receiver,
    pending,
    connected,
    callBack: (secret: string, event: object) => {
      const message = callbackMessage(secret, event, { timestamp: Math.floor(clock.now() / 1000) });
      return fetch(`${vendor.service.url}/v1/callbacks`, { method: 'POST', ...message }).then(
        // biome-ignore lint/suspicious/noExplicitAny: tests look at answers member by member.
        async (response) => ({ status: response.status, body: (await response.json()) as any }),
      );
    },
    /**
     * Waits until the endpoint has heard of something. Time passes meanwhile: a delivery that was cut off when the clock
     * passed is tried again by the clock.
     */
    heard: (isSo: () => boolean, what = 'the webhook') =>
      until(() => {
        clock.pass(1_000);
        return isSo();
      }, what),
    /** Lines of the log that say so. */
    logged: (text: string) =>
      vendor.logs.filter((line) => line.includes(text)).map((line) => JSON.parse(line)),
    async close() {
      await vendor.close();
      await receiver.close();
    },
  };
}

export type WatchedVendor = Awaited<ReturnType<typeof startWatchedVendor>>;

interface AuditView {
  readonly action: string;
  readonly phase: string;
  readonly outcome?: string;
  readonly code?: string;
  readonly actor: { readonly kind: string };
  readonly details?: Record<string, unknown>;
}
