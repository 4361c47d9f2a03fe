import { systemClock } from '../service/server/wiring.js';
import { callApi, startVendor } from './vendor.js';

/** A vendor with one clock for the service and AWS, which stands still until a test moves it, and its customers. */
export async function startVendorWithCustomers() {
  let time = Date.UTC(2026, 10, 24);
  const vendor = await startVendor({
    clock: {
      now: () => time,
      sleep: async (ms, signal) => {
        // With a signal it is a loop of jobs, which would move the time for ever.
        if (signal) return systemClock.sleep(ms, signal);
        time += ms;
      },
    },
  });

  async function organization() {
    const made = await vendor.service.createOrganization('customer of the vendor');
    return {
      organizationId: made.organization.id,
      apiKey: made.apiKey,
      call: (method: string, path: string, body?: unknown) =>
        callApi(vendor.service.url, made.apiKey, method, path, body),
    };
  }

  /** An organization with a connection that works; its customer's role allows these actions. */
  async function connected(
    options: {
      actions?: string[];
      maxSessionDuration?: number;
      scope?: object;
      organization?: Awaited<ReturnType<typeof organization>>;
    } = {},
  ) {
    const { actions = everyMark, maxSessionDuration = 3600, scope = {} } = options;
    const account = options.organization ?? (await organization());
    const { call } = account;
    const { body: connection } = await call('POST', '/v1/connections', { name: 'customer', scope });
    const { accountId } = vendor.sandbox.createAccount();
    const trust = (allowed: string[]) => ({
      ...connection.trustPolicy,
      Statement: [{ ...connection.trustPolicy.Statement[0], Action: allowed }],
    });
    const { arn } = vendor.sandbox.createRole(accountId, {
      roleName: 'rolebridge',
      maxSessionDuration,
      trustPolicy: trust(actions),
    });
    const given = await call('PUT', `/v1/connections/${connection.id}/role`, { roleArn: arn });
    if (given.status !== 200) throw new Error(`Not connected: ${given.body.code}`);
    /** The calls of AssumeRole since the role was verified. */
    const first = vendor.sandbox.requests.length;
    const assumed = () =>
      vendor.sandbox.requests
        .slice(first)
        .filter(({ action, roleArn }) => action === 'AssumeRole' && roleArn === arn);
    const allowActions = (allowed: string[]) => vendor.sandbox.updateTrustPolicy(arn, trust(allowed));
    const ask = (body: unknown = {}) => call('POST', '/v1/credentials', body);
    return { ...account, account, connection, accountId, arn, assumed, ask, allowActions };
  }

  return {
    ...vendor,
    organization,
    connected,
    now: () => time,
    pass: (ms: number) => {
      time += ms;
    },
  };
}

export type VendorWithCustomers = Awaited<ReturnType<typeof startVendorWithCustomers>>;

/** Statements of a trust policy that allow source identity and tags. */
export const everyMark = ['sts:AssumeRole', 'sts:SetSourceIdentity', 'sts:TagSession'];

/** A session policy. */
export const readOnly = {
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Action: 's3:GetObject', Resource: '*' }],
};
