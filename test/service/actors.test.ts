/** Every operation with every actor: docs/security.md, "Who can do what". A new operation without a row here fails. */
import { createHash } from 'node:crypto';
import type { Operation } from '../../service/api/operation.js';
import { operations } from '../../service/api/operations.js';
import { permissions } from '../../service/domain/permission.js';
import { pageRules } from '../../service/web/access.js';
import { startVendor, type Vendor } from '../vendor.js';
import { openWebClient } from '../web-client.js';

type Holder =
  | (typeof permissions)[number]
  | 'operator'
  | 'metrics token'
  | 'status token'
  | 'setup code'
  | 'callback secret'
  | 'anyone';

/** The permission, and (`wide`) whether a key that is limited to a scope is refused. */
const rows: Record<keyof typeof operations, readonly [...Holder[]] | readonly ['wide', ...Holder[]]> = {
  createConnection: ['connections:write'],
  listConnections: ['connections:read'],
  getConnection: ['connections:read'],
  updateConnection: ['connections:write'],
  releaseAccount: ['connections:release'],
  deleteConnection: ['connections:write'],
  setRole: ['connections:write'],
  verifyConnection: ['connections:write'],
  setScopes: ['connections:write'],
  getRoleTemplates: ['connections:read'],
  createSetupCode: ['connections:write'],
  revokeSetupCode: ['connections:write'],
  readSetupCode: ['setup code'],
  rotateCallbackSecret: ['connections:write'],
  rotateExternalId: ['connections:write'],
  cancelExternalIdRotation: ['connections:write'],
  rotateAccessKey: ['connections:write'],
  migrateToRole: ['connections:write'],
  resolve: ['connections:read', 'credentials:issue'],
  resolveMany: ['connections:read', 'credentials:issue'],
  issueCredentials: ['credentials:issue'],
  listProjects: ['wide', 'connections:read', 'targets:write'],
  declareProject: ['wide', 'targets:write'],
  deleteProject: ['wide', 'targets:write'],
  getConnectionStatus: ['status token'],
  receiveCallback: ['callback secret'],
  createEnrollment: ['wide', 'connections:write'],
  listEnrollments: ['wide', 'connections:read'],
  getEnrollment: ['wide', 'connections:read'],
  endEnrollment: ['wide', 'connections:write'],
  registerAccount: ['callback secret'],
  createOrganization: ['operator'],
  listOperatorConnections: ['operator'],
  countPermissionSets: ['operator'],
  listOrganizations: ['operator'],
  getOrganization: ['operator'],
  updateOrganization: ['operator'],
  suspendOrganization: ['operator'],
  resumeOrganization: ['operator'],
  exportOrganization: ['operator'],
  eraseOrganization: ['operator'],
  createApiKey: ['keys:write'],
  listApiKeys: ['keys:write'],
  revokeApiKey: ['keys:write'],
  createSignInLink: ['links:write'],
  listSignInLinks: ['links:write'],
  revokeSignInLink: ['links:write'],
  createWebhookEndpoint: ['wide', 'webhooks:write', 'operator'],
  listWebhookEndpoints: ['wide', 'webhooks:write', 'operator'],
  getWebhookEndpoint: ['wide', 'webhooks:write', 'operator'],
  updateWebhookEndpoint: ['wide', 'webhooks:write', 'operator'],
  deleteWebhookEndpoint: ['wide', 'webhooks:write', 'operator'],
  rotateWebhookSecret: ['wide', 'webhooks:write', 'operator'],
  sendTestMessage: ['wide', 'webhooks:write', 'operator'],
  listWebhookDeliveries: ['wide', 'webhooks:write', 'operator'],
  replayWebhookDelivery: ['wide', 'webhooks:write', 'operator'],
  replayWebhookDeliveries: ['wide', 'webhooks:write', 'operator'],
  listAuditRecords: ['wide', 'audit:read'],
  listPermissionSets: ['anyone'],
  getPermissionSet: ['anyone'],
  reencrypt: ['operator'],
  getHealth: ['anyone'],
  getReadiness: ['anyone'],
  readMetrics: ['metrics token'],
  explainProblem: ['anyone'],
  getOpenApiDocument: ['anyone'],
  downloadTerraformModule: ['anyone'],
  downloadCloudFormationTemplate: ['anyone'],
  downloadSetTemplate: ['anyone'],
  downloadCallbackScript: ['anyone'],
};

const operatorToken = 'an-operator-token-of-some-length-1';
const metricsToken = 'a-metrics-token-of-some-length-22';
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

let vendor: Vendor;
/** The bearer token of each actor. */
const bearers = new Map<string, string>();
let limitedKey: string;

beforeAll(async () => {
  vendor = await startVendor({
    operatorTokenHash: sha256(operatorToken),
    metricsTokenHash: sha256(metricsToken),
    quotas: { connections: 0, apiKeys: 0, signInLinks: 0, enrollments: 0 },
    rateLimits: { address: 0, key: 0 },
  });
  const make = async (body: object) =>
    (await vendor.call('POST', '/v1/api-keys', { name: 'k', ...body })).body.apiKey as string;
  for (const permission of permissions) bearers.set(permission, await make({ permissions: [permission] }));
  limitedKey = await make({ permissions: [...permissions], scope: { project: 'shop' } });
  const made = (await vendor.call('POST', '/v1/connections', { name: 'c', scope: { project: 'c' } })).body;
  bearers.set('callback secret', made.callbackSecret);
  bearers.set('status token', made.statusToken);
  bearers.set('setup code', (await vendor.call('POST', `/v1/connections/${made.id}/setup-code`)).body.code);
  bearers.set('enrollment secret', (await vendor.call('POST', '/v1/enrollments', { name: 'e' })).body.secret);
  bearers.set('operator', operatorToken);
  bearers.set('metrics token', metricsToken);
  bearers.set('nobody', '');
  const link = (await vendor.call('POST', '/v1/sign-in-links', { access: 'manage' })).body;
  const browser = openWebClient(vendor.service.url);
  await browser.signInWithLink(link.url.slice(vendor.service.url.length));
  bearers.set('link', new URL(link.url).searchParams.get('token') ?? '');
  bearers.set('web session', browser.secret);
  // All that the disk knows of secrets: hashes, and texts encrypted under the service's key.
  const keyId = (await vendor.call('GET', '/v1/api-keys')).body.apiKeys[0].id;
  bearers.set('disk: hash of a key', (await vendor.store.apiKey(keyId))?.hash ?? '');
  bearers.set('disk: hash of a session', sha256(browser.secret));
  bearers.set('disk: encrypted secret', encryptedSecretOf(await vendor.store.connectionForCallback(made.id)));
});
const encryptedSecretOf = (connection: object | undefined) =>
  connection && 'encryptedCallbackSecret' in connection ? String(connection.encryptedCallbackSecret) : '';

afterAll(() => vendor.close());

/** A valid call about unknown objects: the test checks only authorization. */
function requestOf({ method, path, examples }: Operation) {
  const example = Object.values(examples).find(({ returns }) => typeof returns === 'number') ?? {
    ...Object.values(examples)[0],
  };
  const ids: Record<string, string> = { name: 'none', version: '1', code: 'not_found' };
  const address = path.replace(/\{(\w+)\}/g, (_, key: string) => ids[key] ?? 'con_aaaaaaaaaaaaaaaaaaaaaaaa');
  const query = example.query ? `?${new URLSearchParams(example.query)}` : '';
  return { method: method.toUpperCase(), path: address + query, body: example.body };
}

async function answerTo(operation: Operation, bearer: string | undefined) {
  const { method, path, body } = requestOf(operation);
  const response = await fetch(vendor.service.url + path, {
    method,
    headers: {
      // A session is in a cookie, too: no call reads it.
      ...(bearer && { authorization: `Bearer ${bearer}`, cookie: `rolebridge=${bearer}` }),
      ...(body !== undefined && { 'content-type': 'application/json' }),
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  return { status: response.status, text: await response.text() };
}

test('each operation has a row', () => {
  expect(Object.keys(rows).sort()).toEqual(Object.keys(operations).sort());
});

test.each(Object.entries<Operation>(operations))(
  '%s is allowed only to the actors in its row',
  async (id, operation) => {
    const holders: readonly string[] = rows[id as keyof typeof operations];
    const isWide = holders[0] === 'wide';
    for (const [actor, bearer] of bearers) {
      const { status, text } = await answerTo(operation, bearer);
      // An authorized key can still be rejected when it grants more than it has.
      const isLetThrough = status !== 401 && !(status === 403 && /needs the permission/.test(text));
      // These prove themselves with a signature or a token of one thing, which this call does not name.
      const provesItself = ['signature', 'status_token'].includes(operation.auth);
      const isAllowed = holders.includes('anyone') || (holders.includes(actor) && !provesItself);
      // The operator's token asks for an organization to act for, which is 400: it has no other way in.
      const isHalf = actor === 'operator' && operation.auth === 'organization' && status === 400;
      expect([id, actor, isLetThrough && !isHalf]).toEqual([id, actor, isAllowed]);
    }
    if (operation.auth === 'organization' && isWide)
      expect((await answerTo(operation, limitedKey)).status).toBe(403);
  },
);

/** Pages of a link, for the organization and (unless `wide`) for its one connection. A new page without a row here fails. */
const pages: Record<
  string,
  'API key' | 'read' | 'connect' | 'manage' | 'connect wide' | 'manage wide' | 'read wide'
> = {
  'GET /connections': 'read wide',
  'GET /keys': 'API key',
  'POST /keys': 'API key',
  'POST /keys/:id/revoke': 'API key',
  'GET /connections/new': 'connect wide',
  'POST /connections/new/role': 'connect wide',
  'GET /connections/new/access-key': 'connect wide',
  'POST /connections/new/access-key': 'connect wide',
  'GET /connections/:id': 'read',
  'GET /connections/:id/connected': 'read',
  'GET /connections/:id/setup': 'connect',
  'POST /connections/:id/account': 'connect',
  'POST /connections/:id/callback-secret': 'connect',
  'POST /connections/:id/setup-code': 'connect',
  'POST /connections/:id/setup-code/revoke': 'connect',
  'POST /connections/:id/check': 'connect',
  'POST /connections/:id/administrator-link': 'manage',
  'GET /connections/:id/checking': 'connect',
  'POST /connections/:id/verify': 'connect',
  'POST /connections/:id/finish': 'connect wide',
  'GET /connections/:id/access-key': 'connect',
  'POST /connections/:id/access-key': 'connect',
  'POST /connections/:id/migrate-to-role': 'manage',
  'GET /connections/:id/name': 'manage',
  'POST /connections/:id/name': 'manage',
  'GET /connections/:id/scope': 'manage wide',
  'POST /connections/:id/scope': 'manage wide',
  'GET /connections/:id/rotate': 'manage',
  'POST /connections/:id/rotate': 'manage',
  'POST /connections/:id/external-id': 'manage',
  'POST /connections/:id/external-id/cancel': 'manage',
  'GET /connections/:id/delete': 'manage',
  'POST /connections/:id/delete': 'manage',
};

test('each page has a row', () => {
  expect(Object.keys(pages).sort()).toEqual(Object.keys(pageRules).sort());
});

describe.each(['read', 'connect', 'manage'] as const)('a link to %s', (access) => {
  test.each([false, true])('opens only its rows (for one connection: %s)', async (isOne) => {
    const { id } = (await vendor.call('POST', '/v1/connections', { name: 'own' })).body;
    const link = { access, ...(isOne && { connectionId: id }) };
    const { url } = (await vendor.call('POST', '/v1/sign-in-links', link)).body;
    const browser = openWebClient(vendor.service.url);
    await browser.signInWithLink(url.slice(vendor.service.url.length));
    const levels = ['read', 'connect', 'manage'];
    for (const [route, row] of Object.entries(pages).sort(([one]) => (one.endsWith('/delete') ? 1 : -1))) {
      const [level = '', isWide] = row.split(' ');
      const [method, path = ''] = route.split(' ');
      const address = path.replace(':id', id);
      const page = method === 'GET' ? await browser.get(address) : await browser.post(address);
      // From the list a link for one connection leads to that.
      const isElsewhere = isOne && isWide && page.url !== address;
      const isAllowed =
        row !== 'API key' && levels.indexOf(access) >= levels.indexOf(level) && !(isOne && isWide);
      expect([route, page.status !== 403 && !isElsewhere]).toEqual([route, isAllowed]);
    }
  });
});
