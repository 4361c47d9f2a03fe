import { createHash } from 'node:crypto';
import { roleIds } from '../aws-sandbox/index.js';
import {
  accessKey,
  apiKeyId,
  callerProof,
  connectionId,
  enrollmentId,
  roleArn as exampleRoleArn,
  organizationReference,
  roleId,
  webhookEndpointId,
} from '../service/api/example-values.js';
import type { Auth } from '../service/api/operation.js';
import { openPermissionSets } from '../service/permission-sets/index.js';
import { callbackMessage } from './callback-message.js';
import { proofOf } from './enrolling-account.js';
import { callApi, startVendor, type Vendor } from './vendor.js';

const operatorToken = 'an-operator-token-of-some-length-1';
export const metricsToken = 'a-metrics-token-of-some-length-222';
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

type Kind = 'connected' | 'pending' | 'access_key';

const kinds: Record<string, Kind> = {
  setRole: 'pending',
  'verifyConnection.noRole': 'pending',
  'receiveCallback.provisioned': 'pending',
  'receiveCallback.check': 'pending',
  'receiveCallback.notAnArn': 'pending',
  'rotateAccessKey.exchange': 'access_key',
  'migrateToRole.begin': 'access_key',
};
/** State of the connection that an example of an operation needs. */
export const kindFor = (operation: string, example: string): Kind =>
  kinds[operation] ?? kinds[`${operation}.${example}`] ?? 'connected';

const noSuchHost = Object.assign(new Error('There is no such host.'), { code: 'ENOTFOUND' });

/** A vendor with all that the examples ask for. */
export const startExampleVendor = async (options: Parameters<typeof startVendor>[0] = {}) =>
  startVendor({
    permissionSets: await openPermissionSets('examples/permission-sets', {
      read: async () => ({}),
      add: async (hashes) => hashes,
    }),
    operatorTokenHash: sha256(operatorToken),
    propagationWindowMs: 200,
    // The examples' endpoints don't exist: a lookup that waits for a name server keeps the process alive.
    webhooks: { lookup: (_host, _options, done) => done(noSuchHost, '') },
    ...options,
  });

/** A service in which the examples come true. */
export async function startExampleWorld(kind: Kind, options: Parameters<typeof startVendor>[0] = {}) {
  const vendor = await startExampleVendor(options);
  return { ...(await makeExampleWorld(vendor, kind, vendor.apiKey)), close: () => vendor.close() };
}

let worlds = 0;

/**
 * Makes an organization one in which the examples come true: one customer with a connection, a role and a key; one scope
 * that is taken. Without an API key it is a new organization, so that one service has many of them.
 */
export async function makeExampleWorld(vendor: Vendor, kind: Kind, ownKey?: string) {
  const { sandbox, service } = vendor;
  const number = worlds++;
  const owner = ownKey === undefined ? await service.createOrganization(`world ${number}`) : vendor;
  const { organization, apiKey } = owner;
  const call: Vendor['call'] = (method, path, body) => callApi(service.url, apiKey, method, path, body);
  const customer = sandbox.createAccount();
  const shownAccountId = exampleRoleArn.split(':')[4] ?? '';
  const roleArn = exampleRoleArn.replace(shownAccountId, customer.accountId);
  const reference = `${organizationReference}-${number}`;
  const { accessKeyId, secretAccessKey } = sandbox.createAccessKey(customer.accountId, 'first');
  const scope = { project: 'shop' };
  const made = await call('POST', '/v1/connections', {
    name: 'customer',
    scope,
    ...(kind === 'access_key' && { method: 'access_key', accessKeyId, secretAccessKey }),
  });
  if (kind !== 'access_key')
    sandbox.createRole(customer.accountId, {
      roleName: 'rolebridge',
      path: '/vendor/',
      trustPolicy: {
        ...made.body.trustPolicy,
        Statement: [{ ...made.body.trustPolicy.Statement[0], Action: ['sts:AssumeRole', 'sts:TagSession'] }],
      },
    });
  if (kind === 'connected') await call('PUT', `/v1/connections/${made.body.id}/role`, { roleArn });
  await service.createOrganization('tenant', { reference });
  await call('POST', '/v1/connections', { name: 'holder', scope: { project: 'taken' } });
  const enrollment = await call('POST', '/v1/enrollments', {
    name: 'customer',
    accountIds: [customer.accountId],
    scopeRule: { otherwise: { project: 'many', environment: '{label}' } },
  });
  const proof = proofOf(sandbox, enrollment.body, customer.accountId);
  const endpoint = await call('POST', '/v1/webhook-endpoints', { url: 'https://hooks.vendor.example/' });
  const setupCode = await call('POST', `/v1/connections/${made.body.id}/setup-code`);
  const key = await call('POST', '/v1/api-keys', { name: 'second' });
  const other = sandbox.createAccessKey(customer.accountId, 'second');
  const realValues: Record<string, string> = {
    [connectionId]: made.body.id,
    [shownAccountId]: customer.accountId,
    [organizationReference]: reference,
    [roleId]: roleIds.get(roleArn) ?? roleId,
    [apiKeyId]: key.body.id,
    [enrollmentId]: enrollment.body.id,
    [webhookEndpointId]: endpoint.body.id,
    ...Object.fromEntries(
      Object.entries(callerProof).map(([name, shown]) => [shown, proof[name as keyof typeof proof]]),
    ),
    [accessKey.accessKeyId]: other.accessKeyId,
    [accessKey.secretAccessKey]: other.secretAccessKey,
  };
  const secrets = {
    apiKey,
    operatorToken,
    metricsToken,
    callbackSecret: made.body.callbackSecret as string,
    statusToken: made.body.statusToken as string,
    setupCode: setupCode.body?.code as string,
    enrollmentSecret: enrollment.body.secret as string,
  };
  const bearer = (token: string): Record<string, string> => ({ authorization: `Bearer ${token}` });
  return {
    vendor,
    organizationId: organization.id,
    secrets,
    /** Another proof of the account: one registers once. */
    renewProof(nowMs: number) {
      const renewed = proofOf(sandbox, enrollment.body, customer.accountId, { now: new Date(nowMs) });
      for (const [name, shown] of Object.entries(callerProof))
        realValues[shown] = renewed[name as keyof typeof renewed];
    },
    /** Puts what there is in the place of what the examples name. */
    put: (text: string) =>
      Object.entries(realValues).reduce((all, [shown, real]) => all.replaceAll(shown, real), text),
    /** The headers that an operation proves itself with. */
    credentials: (id: string, auth: Auth, body = '', nowMs = Date.now()): Record<string, string> =>
      ({
        organization: () => bearer(secrets.apiKey),
        operator: () => bearer(operatorToken),
        status_token: () => bearer(secrets.statusToken),
        setup_code: () => bearer(secrets.setupCode),
        signature: () =>
          callbackMessage(
            id === 'registerAccount' ? secrets.enrollmentSecret : secrets.callbackSecret,
            body,
            {
              timestamp: Math.floor(nowMs / 1000),
            },
          ).headers,
        metrics_token: () => bearer(metricsToken),
        none: () => ({}),
      })[auth](),
  };
}
