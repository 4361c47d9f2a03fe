import { connect } from 'node:net';
import { callApi, startVendor, type Vendor } from '../vendor.js';

let vendor: Vendor;
beforeAll(async () => {
  vendor = await startVendor({ propagationWindowMs: 300 });
});
afterAll(() => vendor.close());

const create = async (body: object = { name: 'shop' }) =>
  (await vendor.call('POST', '/v1/connections', body)).body;

it('creates a pending connection and shows its secret once, with a template for every tool', async () => {
  const { status, body } = await vendor.call('POST', '/v1/connections', {
    name: 'Shop "1"',
    scope: { project: 'made' },
  });
  expect(status).toBe(201);
  expect(body).toMatchObject({
    status: 'pending',
    name: 'Shop "1"',
    principal: vendor.principal,
    scopes: [{ project: 'made' }],
  });
  expect(body.externalId).toMatch(/^[\w+=,.@:/-]{30,}$/);
  expect(body.callbackUrl).toBe(`${vendor.service.url}/v1/callbacks`);
  const link = new URL(body.roleTemplates.console);
  expect(link.host).toBe('console.aws.amazon.com');
  expect(link.hash).toContain(`externalId=${body.externalId}`);
  expect(link.hash).toContain(`awsAccount=${vendor.vendorAccount.accountId}`);
  const again = (await vendor.call('GET', `/v1/connections/${body.id}`)).body;
  expect(again.externalId).toBe(body.externalId);
  expect(again).not.toHaveProperty('callbackSecret');
});

it('connects a role by ARN, re-verifies it, and detects that the customer removed the trust', async () => {
  const connection = await create();
  const { accountId } = vendor.sandbox.createAccount();
  const { arn } = vendor.sandbox.createRole(accountId, {
    roleName: 'r',
    path: '/a/b/',
    trustPolicy: connection.trustPolicy,
  });
  const given = await vendor.call('PUT', `/v1/connections/${connection.id}/role`, { roleArn: arn });
  expect([given.status, given.body.status, given.body.roleArn]).toEqual([200, 'connected', arn]);
  vendor.sandbox.deleteRole(arn);
  const refused = await vendor.call('POST', `/v1/connections/${connection.id}/verify`);
  expect([refused.status, refused.body.code]).toEqual([422, 'role_not_assumable']);
  const after = (await vendor.call('GET', `/v1/connections/${connection.id}`)).body;
  expect(after).toMatchObject({ status: 'failed', roleArn: arn });
});

it('keeps the connected role when another one is rejected', async () => {
  const connection = await create();
  const { accountId } = vendor.sandbox.createAccount();
  const { arn } = vendor.sandbox.createRole(accountId, {
    roleName: 'good',
    trustPolicy: connection.trustPolicy,
  });
  await vendor.call('PUT', `/v1/connections/${connection.id}/role`, { roleArn: arn });
  const refused = await vendor.call('PUT', `/v1/connections/${connection.id}/role`, {
    roleArn: `arn:aws:iam::${accountId}:role/none`,
  });
  expect(refused.status).toBe(422);
  expect((await vendor.call('GET', `/v1/connections/${connection.id}`)).body).toMatchObject({
    status: 'connected',
    roleArn: arn,
  });
});

it('resolves a target to the narrowest scope, shows shadowed scopes, and never falls through an unhealthy connection', async () => {
  const { apiKey } = await vendor.service.createOrganization('resolver');
  const call = (method: string, path: string, body?: unknown) =>
    callApi(vendor.service.url, apiKey, method, path, body);
  const scopes = [{}, { project: 'shop' }, { project: 'shop', environment: 'production' }];
  for (const scope of scopes) await call('POST', '/v1/connections', { name: JSON.stringify(scope), scope });
  const { body } = await call('GET', '/v1/resolve?project=shop&environment=production&architecture=web');
  expect(body.connection).toMatchObject({ name: JSON.stringify(scopes[2]), status: 'pending' });
  expect(body.matchedScope).toEqual(scopes[2]);
  expect(body.path).toHaveLength(4);
  expect(body.shadows.map((shadow: { scope: object }) => shadow.scope)).toEqual([scopes[1], scopes[0]]);
  expect((await call('GET', '/v1/resolve?project=other')).body.matchedScope).toEqual({});
  expect((await call('GET', '/v1/resolve')).body.matchedScope).toEqual({});
});

it('assigns a scope to one connection, and to another only with replace', async () => {
  const first = await create({ name: 'first', scope: { project: 'one' } });
  const second = await create({ name: 'second' });
  const scopes = [{ project: 'one' }, { project: 'two' }];
  const refused = await vendor.call('PUT', `/v1/connections/${second.id}/scopes`, { scopes });
  expect([refused.status, refused.body.code]).toEqual([409, 'scope_taken']);
  expect(refused.body.holders).toEqual([expect.objectContaining({ connectionId: first.id, name: 'first' })]);
  const replaced = await vendor.call('PUT', `/v1/connections/${second.id}/scopes`, { scopes, replace: true });
  expect([replaced.status, replaced.body.scopes]).toEqual([200, scopes]);
  expect((await vendor.call('GET', `/v1/connections/${first.id}`)).body.scopes).toEqual([]);
});

it('lists in pages, renames and deletes', async () => {
  const { apiKey } = await vendor.service.createOrganization('lister');
  const call = (method: string, path: string, body?: unknown) =>
    callApi(vendor.service.url, apiKey, method, path, body);
  const ids: string[] = [];
  for (const name of ['a', 'b', 'c']) ids.push((await call('POST', '/v1/connections', { name })).body.id);
  const page = (await call('GET', '/v1/connections?limit=2')).body;
  const rest = (await call('GET', `/v1/connections?limit=2&after=${page.next}`)).body;
  expect([...page.connections, ...rest.connections].map((connection) => connection.id).sort()).toEqual(
    ids.sort(),
  );
  expect(rest.next).toBeUndefined();
  expect((await call('PATCH', `/v1/connections/${ids[0]}`, { name: 'new' })).body.name).toBe('new');
  expect((await call('DELETE', `/v1/connections/${ids[0]}`)).status).toBe(204);
  expect((await call('GET', `/v1/connections/${ids[0]}`)).status).toBe(404);
});

it('hides other organizations, whose ids look unknown', async () => {
  const { apiKey } = await vendor.service.createOrganization('stranger');
  const { id } = await create();
  for (const [method, path, body] of [
    ['GET', '', undefined],
    ['PATCH', '', { name: 'mine' }],
    ['DELETE', '', undefined],
    ['PUT', '/role', { roleArn: 'arn:aws:iam::123456789012:role/x' }],
    ['POST', '/verify', undefined],
    ['PUT', '/scopes', { scopes: [] }],
  ] as const) {
    const known = await callApi(vendor.service.url, apiKey, method, `/v1/connections/${id}${path}`, body);
    const unknown = await callApi(
      vendor.service.url,
      apiKey,
      method,
      `/v1/connections/con_aaaaaaaaaaaaaaaaaaaaaaaa${path}`,
      body,
    );
    expect([known.status, known.body]).toEqual([unknown.status, unknown.body]);
    expect(known.status).toBe(404);
  }
  expect((await callApi(vendor.service.url, apiKey, 'GET', '/v1/connections')).body.connections).toEqual([]);
});

describe('rejects bad requests with a code, and stores nothing', () => {
  const json = { 'content-type': 'application/json' };
  const cases: [
    string,
    number,
    string,
    string,
    string,
    (string | Buffer | undefined)?,
    Record<string, string>?,
  ][] = [
    ['no name', 400, 'request_invalid', 'POST', '/v1/api-keys', '{}', json],
    ['an empty name', 400, 'request_invalid', 'POST', '/v1/connections', '{"name":""}', json],
    ['a name with a line break', 400, 'request_invalid', 'POST', '/v1/connections', '{"name":"a\\nb"}', json],
    [
      'a name with a zero-width space',
      400,
      'request_invalid',
      'POST',
      '/v1/connections',
      '{"name":"a\u200bb"}',
      json,
    ],
    [
      'a name that ends with a space',
      400,
      'request_invalid',
      'POST',
      '/v1/connections',
      '{"name":"a "}',
      json,
    ],
    [
      'a name of 101 characters',
      400,
      'request_invalid',
      'POST',
      '/v1/connections',
      `{"name":"${'a'.repeat(101)}"}`,
      json,
    ],
    [
      'an external ID of one’s own',
      400,
      'request_invalid',
      'POST',
      '/v1/connections',
      '{"name":"a","externalId":"mine"}',
      json,
    ],
    [
      'an endpoint',
      400,
      'request_invalid',
      'POST',
      '/v1/connections',
      '{"name":"a","stsEndpoint":"http://x"}',
      json,
    ],
    [
      'a region',
      400,
      'request_invalid',
      'POST',
      '/v1/connections',
      '{"name":"a","region":"us-east-1"}',
      json,
    ],
    [
      'another method',
      400,
      'request_invalid',
      'POST',
      '/v1/connections',
      '{"name":"a","method":"magic"}',
      json,
    ],
    [
      'an unknown partition',
      400,
      'request_invalid',
      'POST',
      '/v1/connections',
      '{"name":"a","partition":"aws-mars"}',
      json,
    ],
    [
      'a partition without a principal',
      422,
      'partition_not_supported',
      'POST',
      '/v1/connections',
      '{"name":"a","partition":"aws-cn"}',
      json,
    ],
    [
      'an account of 11 digits',
      400,
      'request_invalid',
      'POST',
      '/v1/connections',
      '{"name":"a","expectedAccountId":"12345678901"}',
      json,
    ],
    [
      'an account of zeros',
      400,
      'request_invalid',
      'POST',
      '/v1/connections',
      '{"name":"a","expectedAccountId":"000000000000"}',
      json,
    ],
    [
      'a scope with a gap',
      400,
      'request_invalid',
      'POST',
      '/v1/connections',
      '{"name":"a","scope":{"architecture":"x"}}',
      json,
    ],
    [
      'a scope name with ..',
      400,
      'request_invalid',
      'POST',
      '/v1/connections',
      '{"name":"a","scope":{"project":"../x"}}',
      json,
    ],
    [
      'an empty scope name',
      400,
      'request_invalid',
      'POST',
      '/v1/connections',
      '{"name":"a","scope":{"project":""}}',
      json,
    ],
    [
      '__proto__ as a key',
      400,
      'request_invalid',
      'POST',
      '/v1/connections',
      '{"name":"a","__proto__":{"x":1}}',
      json,
    ],
    [
      'constructor as a key',
      400,
      'request_invalid',
      'POST',
      '/v1/connections',
      '{"name":"a","constructor":{"x":1}}',
      json,
    ],
    [
      'the same key twice',
      400,
      'request_invalid',
      'POST',
      '/v1/connections',
      '{"name":"a","name":"b"}',
      json,
    ],
    ['an array', 400, 'request_invalid', 'POST', '/v1/connections', '[]', json],
    ['null', 400, 'request_invalid', 'POST', '/v1/connections', 'null', json],
    ['a number too large', 400, 'request_invalid', 'POST', '/v1/connections', '{"name":1e999}', json],
    ['broken JSON', 400, 'request_invalid', 'POST', '/v1/connections', '{"name":', json],
    ['no body', 400, 'request_invalid', 'POST', '/v1/connections', undefined, json],
    [
      'deep nesting',
      400,
      'request_invalid',
      'POST',
      '/v1/connections',
      `{"name":${'['.repeat(5000)}${']'.repeat(5000)}}`,
      json,
    ],
    [
      'invalid UTF-8',
      400,
      'request_invalid',
      'POST',
      '/v1/connections',
      Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x7d]),
      json,
    ],
    [
      'no content type',
      415,
      'media_type_not_supported',
      'POST',
      '/v1/connections',
      Buffer.from('{"name":"a"}'),
      {},
    ],
    [
      'a form',
      415,
      'media_type_not_supported',
      'POST',
      '/v1/connections',
      'name=a',
      { 'content-type': 'application/x-www-form-urlencoded' },
    ],
    [
      'another charset',
      415,
      'media_type_not_supported',
      'POST',
      '/v1/connections',
      '{"name":"a"}',
      { 'content-type': 'application/json; charset=utf-16' },
    ],
    [
      'a compressed body',
      415,
      'media_type_not_supported',
      'POST',
      '/v1/connections',
      '{"name":"a"}',
      { ...json, 'content-encoding': 'gzip' },
    ],
    [
      'a body of 65 kB',
      413,
      'body_too_large',
      'POST',
      '/v1/connections',
      `{"name":"${'a'.repeat(65 * 1024)}"}`,
      json,
    ],
    ['a key twice in the query', 400, 'request_invalid', 'GET', '/v1/resolve?project=a&project=b'],
    ['a bracket in the query', 400, 'request_invalid', 'GET', '/v1/resolve?project[x]=a'],
    ['a NUL in the query', 400, 'request_invalid', 'GET', '/v1/resolve?project=%00'],
    ['an unknown key in the query', 400, 'request_invalid', 'GET', '/v1/resolve?region=us-east-1'],
    ['__proto__ in the query', 400, 'request_invalid', 'GET', '/v1/resolve?__proto__=x'],
    ['an environment without its project', 400, 'request_invalid', 'GET', '/v1/resolve?environment=x'],
    ['a limit of 0', 400, 'request_invalid', 'GET', '/v1/connections?limit=0'],
    ['a limit of 101', 400, 'request_invalid', 'GET', '/v1/connections?limit=101'],
    ['a limit of 1.5', 400, 'request_invalid', 'GET', '/v1/connections?limit=1.5'],
    ['a cursor that is no id', 400, 'request_invalid', 'GET', '/v1/connections?after=x'],
    ['a status that does not exist', 400, 'request_invalid', 'GET', '/v1/connections?status=fine'],
    ['a lone % in the path', 400, 'request_invalid', 'GET', '/v1/connections/%'],
    ['__proto__ as an id', 404, 'connection_not_found', 'GET', '/v1/connections/__proto__'],
    ['constructor as an id', 404, 'connection_not_found', 'GET', '/v1/connections/constructor'],
    ['a path that is not there', 404, 'not_found', 'GET', '/v1/nothing'],
    ['a method that is not there', 405, 'method_not_allowed', 'DELETE', '/v1/connections'],
    [
      'the operator’s call with an API key',
      401,
      'unauthorized',
      'POST',
      '/v1/organizations',
      '{"name":"a"}',
      json,
    ],
  ];
  it.each(cases.map((row) => [row[0], row] as const))('%s', async (_name, row) => {
    const [, status, code, method, path, body, headers] = row;
    const count = async () => (await vendor.call('GET', '/v1/connections?limit=100')).body;
    const before = await count();
    const response = await fetch(vendor.service.url + path, {
      method,
      headers: { authorization: `Bearer ${vendor.apiKey}`, ...headers },
      ...(body !== undefined && { body: body as string }),
    });
    const answer = (await response.json()) as { code: string; detail: string; remedy: string };
    expect([response.status, answer.code]).toEqual([status, code]);
    expect(response.headers.get('content-type')).toBe('application/problem+json');
    expect(answer.detail && answer.remedy).toBeTruthy();
    expect(await count()).toEqual(before);
    expect(({} as Record<string, unknown>).x).toBeUndefined();
  });
});

describe('rejects an invalid role ARN with 400 and the rule, without a call to AWS', () => {
  it.each([
    'arn:aws:iam::123456789012:role/x ',
    ' arn:aws:iam::123456789012:role/x',
    'arn:aws:iam::123456789012:role/x\n',
    'arn:aws:iam::123456789012:role/x\u0000',
    'arn:aws:iam::123456789012:role/\u200bx',
    'arn:aws:iam::12345678901:role/x',
    'arn:aws:iam::000000000000:role/x',
    'arn:aws:iam::١٢٣٤٥٦٧٨٩٠١٢:role/x',
    'arn:aws:sts::123456789012:assumed-role/x/y',
    'arn:aws:iam::123456789012:root',
    'arn:aws:iam::123456789012:role/*',
    'arn:aws:iam::123456789012:role//x',
    'arn:aws:iam::123456789012:role/../x',
    '<script>alert(1)</script>',
    '',
  ])('%j', async (roleArn) => {
    const connection = await create();
    const requests = vendor.sandbox.requests.length;
    const answer = await vendor.call('PUT', `/v1/connections/${connection.id}/role`, { roleArn });
    expect([answer.status, answer.body.code]).toEqual([400, 'role_arn_invalid']);
    expect(vendor.sandbox.requests.length).toBe(requests);
    expect((await vendor.call('GET', `/v1/connections/${connection.id}`)).body.status).toBe('pending');
  });
});

it.each(['', 'Bearer', 'Bearer x', `Bearer rbk_${'a'.repeat(16)}_${'0'.repeat(64)}`, 'Basic YTpi'])(
  'answers 401 to the authorization %j',
  async (authorization) => {
    const response = await fetch(`${vendor.service.url}/v1/connections`, { headers: { authorization } });
    expect(response.status).toBe(401);
    expect(response.headers.get('www-authenticate')).toBe('Bearer');
  },
);

it('reports liveness and write readiness', async () => {
  for (const path of ['/healthz', '/readyz'])
    expect((await fetch(vendor.service.url + path)).status).toBe(200);
});

it('closes connections with unfinished headers or bodies, and serves others meanwhile', async () => {
  const impatient = await startVendor({ requestTimeoutMs: 800 });
  const { port } = new URL(impatient.service.url);
  const starts = [
    'GET /healthz HTTP/1.1\r\nX-A: b',
    'POST /v1/callbacks HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n{',
  ];
  const cut = starts.map(
    (start) =>
      new Promise<void>((resolve) => {
        const slow = connect(Number(port), '127.0.0.1', () => slow.write(start));
        const drip = setInterval(() => slow.writable && slow.write('a'), 100);
        slow.on('error', () => undefined);
        slow.resume();
        slow.on('close', () => {
          clearInterval(drip);
          resolve();
        });
      }),
  );
  expect((await impatient.call('GET', '/v1/connections')).status).toBe(200);
  await Promise.all(cut);
  await impatient.close();
});

it('never builds a link from the Host header', async () => {
  const { port } = new URL(vendor.service.url);
  const answer = await new Promise<string>((resolve) => {
    const body = '{"name":"host"}';
    const socket = connect(Number(port), '127.0.0.1', () =>
      socket.write(
        `POST /v1/connections HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\nAuthorization: Bearer ${vendor.apiKey}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
      ),
    );
    let text = '';
    socket.on('data', (data) => {
      text += data;
    });
    socket.on('close', () => resolve(text));
  });
  expect(answer).toContain('201 Created');
  expect(answer).not.toContain('evil.example');
});

it('writes no secret to its logs', async () => {
  const { callbackSecret } = await create();
  const lines = vendor.logs.join('');
  expect(lines).toContain('"request"');
  expect(lines).not.toContain(callbackSecret.slice(6));
  expect(lines).not.toContain(vendor.apiKey);
});

it('rejects an API key with a changed last character', async () => {
  const last = vendor.apiKey.at(-1) === '0' ? '1' : '0';
  const answer = await vendor.call(
    'GET',
    '/v1/connections',
    undefined,
    `${vendor.apiKey.slice(0, -1)}${last}`,
  );
  expect([answer.status, answer.body.code]).toEqual([401, 'unauthorized']);
});
