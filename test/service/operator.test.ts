/** The operator: several tokens with permissions, and calls for an organization by header. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import {
  createOperatorToken,
  listOperatorTokens,
  revokeOperatorToken,
} from '../../service/actions/operator-tokens.js';
import type { Operation } from '../../service/api/operation.js';
import { operations } from '../../service/api/operations.js';
import {
  type OperatorPermission,
  operatorPermissions,
  readingPermissions,
} from '../../service/domain/operator.js';
import { commandLine, systemClock } from '../../service/index.js';
import { runCommandLine } from '../command-line.js';
import { type OperatedVendor, startOperator } from '../operator.js';

let vendor: OperatedVendor;

beforeEach(async () => {
  vendor = await startOperator();
});
afterEach(() => vendor.close());

const mint = (permissions: readonly OperatorPermission[] = operatorPermissions, expiresAt?: string) =>
  createOperatorToken({ store: vendor.store, clock: systemClock }, commandLine(), {
    name: 'backend',
    permissions,
    expiresAt,
  });

async function ask(
  token: string,
  organization: string | undefined,
  method: string,
  path: string,
  body?: unknown,
) {
  const response = await fetch(vendor.service.url + path, {
    method,
    headers: {
      authorization: `Bearer ${token}`,
      ...(organization !== undefined && { 'rolebridge-organization': organization }),
      ...(body !== undefined && { 'content-type': 'application/json' }),
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  // Of an export, the first line.
  return { status: response.status, body: text === '' ? undefined : JSON.parse(text.split('\n')[0] ?? '') };
}

describe('an operator acts for an organization', () => {
  it('by id or reference with any call, and both are in its audit log', async () => {
    const { token, id } = await mint();
    await vendor.operate('PATCH', `/v1/organizations/${vendor.organization.id}`, { reference: 'tenant-1' });
    const made = await ask(token, 'tenant-1', 'POST', '/v1/connections', { name: 'by the operator' });
    expect(made.status).toBe(201);
    const { body } = await vendor.call('GET', '/v1/connections');
    expect(body.connections.map((one: { id: string }) => one.id)).toEqual([made.body.id]);
    for (const named of [vendor.organization.id, 'tenant-1'])
      expect((await ask(token, named, 'GET', `/v1/connections/${made.body.id}`)).status).toBe(200);
    const audit = await vendor.call('GET', '/v1/audit');
    expect(audit.body.records[0]).toMatchObject({
      action: 'connection.create',
      actor: { kind: 'operator', id, name: 'backend' },
    });
  });

  it('replaces a lost API key', async () => {
    const { token } = await mint();
    const { id } = vendor.organization;
    const made = await ask(token, id, 'POST', '/v1/api-keys', {
      name: 'new',
      permissions: ['keys:write', 'connections:read'],
    });
    const keys = await ask(token, id, 'GET', '/v1/api-keys');
    const lost = keys.body.apiKeys.find((key: { name: string }) => key.name === 'first key');
    expect((await ask(token, id, 'DELETE', `/v1/api-keys/${lost.id}`)).status).toBe(204);
    expect((await vendor.call('GET', '/v1/connections')).status).toBe(401);
    expect((await ask(made.body.apiKey, undefined, 'GET', '/v1/connections')).status).toBe(200);
  });

  it.each([
    ['no organization', undefined, 400, 'request_invalid'],
    ['an empty name', '', 400, 'request_invalid'],
    ['an unknown reference', 'tenant-none', 404, 'organization_not_found'],
    ['an unknown id', 'org_aaaaaaaaaaaaaaaaaaaaaaaa', 404, 'organization_not_found'],
    ["the operator's own rows", 'org_operatoroperatoroperator', 404, 'organization_not_found'],
    ['two', 'tenant-1, tenant-2', 404, 'organization_not_found'],
  ])('but not with %s', async (_, named, status, code) => {
    const { token } = await mint();
    expect(await ask(token, named, 'GET', '/v1/connections')).toMatchObject({ status, body: { code } });
  });

  it("and an API key can't use the header, not even for its own organization", async () => {
    const { id } = vendor.organization;
    for (const named of [id, 'tenant-none', ''])
      expect(await ask(vendor.apiKey, named, 'GET', '/v1/connections')).toMatchObject({
        status: 400,
        body: { code: 'request_invalid' },
      });
  });

  it('and is stopped by a suspension', async () => {
    const { token } = await mint();
    const { id } = vendor.organization;
    await ask(token, undefined, 'POST', `/v1/organizations/${id}/suspend`);
    expect((await ask(token, id, 'POST', '/v1/connections', { name: 'x' })).body.code).toBe(
      'organization_suspended',
    );
    expect((await ask(token, id, 'GET', '/v1/connections')).status).toBe(200);
  });
});

describe('an operator token', () => {
  it("with read permissions can't change anything, in any organization", async () => {
    const { token } = await mint(readingPermissions);
    const { id } = vendor.organization;
    for (const [name, { method, path, auth, permission, operatorPermission }] of Object.entries<Operation>(
      operations,
    )) {
      if (auth !== 'operator' && auth !== 'organization') continue;
      const wanted = [permission ?? operatorPermission ?? []].flat();
      const answer = await ask(
        token,
        id,
        method.toUpperCase(),
        path.replace('{id}', id),
        method === 'get' ? undefined : {},
      );
      const mayDo = wanted.some((one) => readingPermissions.includes(one));
      expect([name, answer.status === 403]).toEqual([name, !mayDo]);
      if (method !== 'get' && auth === 'operator') expect([name, mayDo]).toEqual([name, false]);
    }
  });

  it('stops working when it expires or is revoked', async () => {
    const old = await mint(operatorPermissions, new Date(Date.now() - 1_000).toISOString());
    const { token, id } = await mint();
    expect((await ask(old.token, undefined, 'GET', '/v1/organizations')).status).toBe(401);
    expect((await ask(token, undefined, 'GET', '/v1/organizations')).status).toBe(200);
    await revokeOperatorToken({ store: vendor.store, clock: systemClock }, commandLine(), id);
    expect((await ask(token, undefined, 'GET', '/v1/organizations')).status).toBe(401);
    expect((await ask(token, vendor.organization.id, 'GET', '/v1/connections')).status).toBe(401);
  });

  it('shows its last use, and is stored as a hash', async () => {
    const { token } = await mint();
    await ask(token, undefined, 'GET', '/v1/organizations');
    const deps = { store: vendor.store, clock: systemClock };
    const isUsed = async () => (await listOperatorTokens(deps))[0]?.lastUsedAt !== undefined;
    while (!(await isUsed())) await setImmediate();
    const [shown] = await listOperatorTokens(deps);
    expect(JSON.stringify(shown)).not.toContain(token);
  });

  it.each(['rbo_', `rbo_${'A'.repeat(43)}`, 'x', '__proto__'])('is not %s', async (token) => {
    expect((await ask(token, undefined, 'GET', '/v1/organizations')).status).toBe(401);
  });
});

describe('rolebridge operator-token', () => {
  const directory = mkdtempSync(join(tmpdir(), 'rolebridge-operator-'));
  afterAll(() => rmSync(directory, { recursive: true }));
  const env = {
    ROLEBRIDGE_DATA_DIR: directory,
    ROLEBRIDGE_SERVICE_KEYS: `k1:${Buffer.alloc(32, 7).toString('base64')}`,
    ROLEBRIDGE_PRINCIPAL: 'arn:aws:iam::111122223333:role/rolebridge',
  };
  const run = (...words: string[]) => runCommandLine(['operator-token', ...words], { env });

  it('creates, lists and revokes tokens on the machine of the service', async () => {
    const made = await run('create', 'backend', '--read-only', '--expires-in', '30d');
    expect(made).toMatchObject({ code: 0, stdout: expect.stringMatching(/rbo_[\w-]{43}/) });
    const [id = ''] = /opt_\w+/.exec(made.stdout) ?? [];
    expect((await run('list')).stdout).toMatch(
      new RegExp(`${id} +backend +20\\d\\d-\\S+ +- +connections:read`),
    );
    expect((await run('revoke', id)).stdout).toBe(`revoked ${id}\n`);
    expect(await run('revoke', id)).toMatchObject({ code: 1, stderr: expect.stringContaining('not_found') });
    expect(await run('create', 'x', '--permissions', 'all')).toMatchObject({ code: 2 });
    const unnamed = await run('create', '');
    expect([unnamed.code, unnamed.stderr]).toEqual([2, expect.stringMatching(/^rolebridge: .*name/)]);
  });
});
