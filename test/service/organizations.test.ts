/** Organizations, as the operator works with them. */
import { callbackMessage, deprovisioned, provisioned } from '../callback-message.js';
import { runCommandLine } from '../command-line.js';
import { type OperatedVendor, startOperator } from '../operator.js';
import { openWebClient } from '../web-client.js';

let vendor: OperatedVendor;

beforeEach(async () => {
  vendor = await startOperator();
});
afterEach(() => vendor.close());

const create = (body: object) => vendor.operate('POST', '/v1/organizations', body);

describe('an organization', () => {
  it('is found by its id and by its reference, and listed and searched by name', async () => {
    const { status, body } = await create({
      name: 'Größe & Söhne',
      reference: 'tenant:4711',
      metadata: { plan: 'team' },
    });
    expect([status, body.apiKey]).toEqual([201, expect.stringMatching(/^rbk_/)]);
    const { apiKey: _, ...shown } = body;
    for (const id of [body.id, 'tenant:4711', 'tenant%3A4711'])
      expect((await vendor.operate('GET', `/v1/organizations/${id}`)).body).toMatchObject(shown);
    const search = (text: string) =>
      vendor.operate('GET', `/v1/organizations?search=${encodeURIComponent(text)}`);
    expect((await search('GRÖSSE')).body.organizations).toEqual([]);
    expect((await search('söhne')).body.organizations).toEqual([shown]);
    expect((await search('%')).body.organizations).toEqual([]);
    const first = await vendor.operate('GET', '/v1/organizations?limit=1');
    const second = await vendor.operate('GET', `/v1/organizations?limit=1&after=${first.body.next}`);
    const ids = [...first.body.organizations, ...second.body.organizations].map(({ id }) => id);
    expect(ids.sort()).toEqual([body.id, vendor.organization.id].sort());
    expect(second.body.next).toBeUndefined();
  });

  it('with a duplicate name is created with a warning; with a duplicate reference it is rejected', async () => {
    const { body } = await create({ name: 'ACME' });
    expect(body.warnings).toEqual([
      { code: 'name_taken', message: expect.stringContaining(vendor.organization.id) },
    ]);
    expect((await create({ name: 'other', reference: 'r1' })).body.warnings).toBeUndefined();
    const races = await Promise.all([1, 2, 3].map(() => create({ name: 'many', reference: 'r2' })));
    expect(races.map(({ status }) => status).sort()).toEqual([201, 409, 409]);
    expect((await create({ name: 'x', reference: 'r1' })).body.code).toBe('reference_taken');
  });

  it('is renamed, and a released reference can be reused', async () => {
    await create({ name: 'one', reference: 'first' });
    const two = await create({ name: 'two', reference: 'second', metadata: { a: '1', b: '2' } });
    const change = (body: object) => vendor.operate('PATCH', `/v1/organizations/${two.body.id}`, body);
    expect((await change({ reference: 'first' })).body.code).toBe('reference_taken');
    expect((await change({ name: 'ONE' })).body).toMatchObject({
      name: 'ONE',
      reference: 'second',
      warnings: [{ code: 'name_taken' }],
    });
    expect((await change({ metadata: { b: '3' } })).body.metadata).toEqual({ b: '3' });
    await vendor.operate('PATCH', '/v1/organizations/first', { reference: null });
    expect((await change({ reference: 'first' })).body.reference).toBe('first');
    expect((await vendor.operate('GET', '/v1/organizations/second')).body.code).toBe(
      'organization_not_found',
    );
  });

  it.each([
    [{ name: '' }],
    [{ name: 'x', reference: '' }],
    [{ name: 'x', reference: 'org_abc' }],
    [{ name: 'x', reference: 'con_abc' }],
    [{ name: 'x', reference: 'a/b' }],
    [{ name: 'x', reference: '../x' }],
    [{ name: 'x', reference: 'ä' }],
    [{ name: 'x', reference: 'x'.repeat(129) }],
    [{ name: 'x', metadata: { __proto__x: '1', '': '2' } }],
    [{ name: 'x', metadata: { a: 1 } }],
    [{ name: 'x', metadata: { a: 'x'.repeat(501) } }],
    [{ name: 'x', metadata: Object.fromEntries(Array.from({ length: 21 }, (_, n) => [`k${n}`, ''])) }],
    [{ name: 'x', targets: 'closed' }],
  ])('is not created from %.60j', async (body) => {
    expect(await create(body)).toMatchObject({ status: 400, body: { code: 'request_invalid' } });
  });

  it.each([
    'org_aaaaaaaaaaaaaaaaaaaaaaaa',
    'org_operatoroperatoroperator',
    '__proto__',
    '%00',
    'x'.repeat(3000),
  ])('is not found at %.40s', async (id) => {
    for (const [method, path] of [
      ['GET', id],
      ['GET', `${id}/export`],
      ['POST', `${id}/suspend`],
      ['DELETE', id],
    ] as const)
      expect((await vendor.operate(method, `/v1/organizations/${path}`)).body.code).toBe(
        'organization_not_found',
      );
  });

  it('is visible only to the operator', async () => {
    const { id } = vendor.organization;
    for (const [method, path] of [
      ['GET', ''],
      ['GET', `/${id}`],
      ['PATCH', `/${id}`],
      ['DELETE', `/${id}`],
      ['GET', `/${id}/export`],
    ] as const)
      expect((await vendor.call(method, `/v1/organizations${path}`, undefined)).status).toBe(401);
  });
});

describe('a suspended organization', () => {
  it("gets no credentials and can't be changed, can be read, and works again after it is resumed", async () => {
    const { connection, role } = await connected();
    const { id } = vendor.organization;
    expect((await vendor.call('POST', '/v1/credentials', {})).status).toBe(200);
    const suspended = await vendor.operate('POST', `/v1/organizations/${id}/suspend`);
    expect(suspended.body).toMatchObject({ id, suspendedAt: expect.any(String) });
    const again = await vendor.operate('POST', `/v1/organizations/${id}/suspend`);
    expect(again.body).toEqual(suspended.body);

    for (const [method, path, body] of [
      ['POST', '/v1/credentials', {}],
      ['POST', '/v1/connections', { name: 'new' }],
      ['PATCH', `/v1/connections/${connection.id}`, { name: 'other' }],
      ['POST', '/v1/sign-in-links', {}],
      ['POST', '/v1/api-keys', { name: 'new' }],
      ['DELETE', `/v1/connections/${connection.id}`, undefined],
    ] as const) {
      const answer = await vendor.call(method, path, body);
      expect([path, answer.status, answer.body.code]).toEqual([path, 403, 'organization_suspended']);
    }
    expect((await callback(connection, provisioned, role)).body.code).toBe('organization_suspended');
    expect((await vendor.call('GET', `/v1/connections/${connection.id}`)).body.status).toBe('connected');

    await vendor.operate('POST', `/v1/organizations/${id}/resume`);
    expect((await vendor.call('POST', '/v1/credentials', {})).status).toBe(200);
    expect((await vendor.operate('GET', `/v1/organizations/${id}`)).body.suspendedAt).toBeUndefined();
  });

  it('can be deregistered by the stack', async () => {
    const { connection, role } = await connected();
    await vendor.operate('POST', `/v1/organizations/${vendor.organization.id}/suspend`);
    expect(await callback(connection, deprovisioned, role)).toMatchObject({
      status: 200,
      body: { status: 'disconnected' },
    });
  });

  it('has no pages', async () => {
    const browser = openWebClient(vendor.service.url);
    await browser.signIn(vendor.apiKey);
    expect((await browser.get('/connections')).status).toBe(200);
    await vendor.operate('POST', `/v1/organizations/${vendor.organization.id}/suspend`);
    const page = await browser.get('/connections');
    expect([page.status, page.text]).toEqual([403, expect.stringContaining('suspended')]);
  });
});

describe('an erased organization', () => {
  it('is deleted with its connections, keys and names, and a late callback is still answered', async () => {
    const { connection, role } = await connected();
    const { id } = vendor.organization;
    await vendor.operate('PATCH', `/v1/organizations/${id}`, { reference: 'tenant-1' });
    expect((await vendor.operate('DELETE', '/v1/organizations/tenant-1')).status).toBe(204);
    expect((await vendor.call('GET', '/v1/connections')).status).toBe(401);
    for (const path of [id, 'tenant-1'])
      expect((await vendor.operate('GET', `/v1/organizations/${path}`)).status).toBe(404);
    expect((await vendor.operate('GET', '/v1/organizations')).body.organizations).toEqual([]);
    expect(await callback(connection, deprovisioned, role)).toMatchObject({ status: 200 });
    expect((await create({ name: 'next', reference: 'tenant-1' })).status).toBe(201);
    const { records } = await vendor.store.auditRecords(id, { limit: 100 });
    expect(records.map(({ action }) => action)).toContain('organization.erase');
  });

  it('can be exported completely before, without secrets', async () => {
    const { connection } = await connected();
    await vendor.call('POST', '/v1/api-keys', { name: 'second' });
    const lines = await vendor.exported(vendor.organization.id);
    const kinds = lines.map(({ kind }) => kind);
    expect(kinds.filter((kind) => kind !== 'audit_record')).toEqual([
      'organization',
      'api_key',
      'api_key',
      'connection',
      'end',
    ]);
    const shown = (await vendor.call('GET', `/v1/connections/${connection.id}`)).body;
    expect(lines.find(({ kind }) => kind === 'connection')?.value).toEqual(shown);
    const records = (await vendor.call('GET', '/v1/audit?limit=100')).body.records;
    expect(lines.filter(({ kind }) => kind === 'audit_record').map(({ value }) => value)).toEqual(records);
    const text = JSON.stringify(lines);
    for (const secret of [vendor.apiKey, connection.callbackSecret, 'hash', 'encrypted'])
      expect(text).not.toContain(secret);
  });
});

async function connected() {
  const { body: connection } = await vendor.call('POST', '/v1/connections', { name: 'main', scope: {} });
  const { accountId } = vendor.sandbox.createAccount();
  const role = vendor.sandbox.createRole(accountId, {
    roleName: 'vendor',
    trustPolicy: connection.trustPolicy,
  });
  const answer = await vendor.call('PUT', `/v1/connections/${connection.id}/role`, { roleArn: role.arn });
  expect(answer.body.status).toBe('connected');
  return { connection, role: role.arn };
}

async function callback(
  connection: { id: string; callbackSecret: string },
  event: typeof provisioned,
  roleArn: string,
) {
  const message = callbackMessage(connection.callbackSecret, event(connection.id, roleArn));
  const response = await fetch(`${vendor.service.url}/v1/callbacks`, { method: 'POST', ...message });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}

describe('rolebridge org', () => {
  const org = (...words: string[]) =>
    runCommandLine(['org', ...words], {
      env: { ROLEBRIDGE_URL: vendor.service.url, ROLEBRIDGE_OPERATOR_TOKEN: vendor.token },
    });

  it('covers the API', async () => {
    const url = ['--url', vendor.service.url];
    const made = await org('create', 'acme', '--reference', 't-1', '--metadata', 'plan=team', ...url);
    expect(made).toMatchObject({ code: 0, stdout: expect.stringContaining('rbk_') });
    expect(made.stderr).toContain('warning: The organization org_');
    expect((await org('create', 'acme', '--reference', 't-1', ...url)).stderr).toContain('reference_taken');
    expect((await org('list', '--search', 'ACM')).stdout).toMatch(/org_\w+ +acme +t-1/);
    expect((await org('change', 't-1', '--name', 'Acme GmbH')).stdout).toContain('Acme GmbH');
    expect((await org('show', 't-1')).stdout).toMatch(/QUOTA +USED +LIMIT\n(.*\n)*apiKeys +1 +500/);
    expect((await org('suspend', 't-1')).stdout).toContain('suspended');
    expect((await org('resume', 't-1')).stdout).not.toContain('suspended');
    const lines = (await org('export', 't-1')).stdout.trimEnd().split('\n');
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({ kind: 'organization', value: { name: 'Acme GmbH' } });
    expect(await org('delete', 't-1')).toMatchObject({ code: 2, stderr: expect.stringContaining('--erase') });
    expect((await org('delete', 't-1', '--erase')).stdout).toContain('erased t-1');
    expect((await org('show', 't-1')).stderr).toContain('organization_not_found');
  });
});
