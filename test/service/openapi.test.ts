/** `/openapi.json` says what the service does: every route is in it, and every example gives what it says. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { roleIds } from '../../aws-sandbox/index.js';
import {
  accessKey,
  apiKeyId,
  callerProof,
  connectionId,
  enrollmentId,
  organizationReference,
  roleArn,
  roleId,
  webhookEndpointId,
} from '../../service/api/example-values.js';
import { type Example, errorsOf, type Operation } from '../../service/api/operation.js';
import { operations } from '../../service/api/operations.js';
import { errorCatalog, errorCodes } from '../../service/domain/error-catalog/index.js';
import { openPermissionSets } from '../../service/permission-sets/index.js';
import { readContract } from '../api-contract.js';
import { callbackMessage } from '../callback-message.js';
import { clientApi } from '../docs/client-api.js';
import { proofOf } from '../enrolling-account.js';
import { callApi, startVendor, type Vendor } from '../vendor.js';

const operatorToken = 'an-operator-token-of-some-length-1';

let vendor: Vendor;
// biome-ignore lint/suspicious/noExplicitAny: read member by member.
let document: any;

beforeAll(async () => {
  vendor = await startVendor({ publicUrl: 'https://connect.vendor.example' });
  document = await (await fetch(`${vendor.service.url}/openapi.json`)).json();
});
afterAll(() => vendor.close());

describe('/openapi.json', () => {
  test('is valid OpenAPI 3.1', () => {
    const folder = mkdtempSync(join(tmpdir(), 'rolebridge-openapi-'));
    const file = join(folder, 'openapi.json');
    writeFileSync(file, JSON.stringify(document));
    // The validator is an ES module, which jest can't load: so by its command, which fails when the document does.
    const shown = execFileSync('node_modules/.bin/validate-api', [file], { encoding: 'utf8' });
    rmSync(folder, { recursive: true });
    expect(shown).toContain('"valid": true');
    expect(document.openapi).toBe('3.1.0');
    expect(document.servers).toEqual([{ url: 'https://connect.vendor.example' }]);
  });

  test('needs no key, may be kept for a while, and is not sent again unchanged', async () => {
    const url = `${vendor.service.url}/openapi.json`;
    const first = await fetch(url);
    expect([first.status, first.headers.get('cache-control')]).toEqual([200, 'public, max-age=300']);
    const again = await fetch(url, { headers: { 'if-none-match': first.headers.get('etag') ?? '' } });
    expect([again.status, await again.text()]).toEqual([304, '']);
    expect((await fetch(url, { method: 'POST' })).status).toBe(405);
  });

  test('has every operation, and no other', () => {
    const documented = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.keys(methods as object).map((method) => `${method} ${path}`),
    );
    const called = Object.values<Operation>(operations).map(({ method, path }) => `${method} ${path}`);
    expect(documented.sort()).toEqual(called.sort());
  });

  test('the client was generated from it', () => {
    const generated = execFileSync('node_modules/.bin/biome', ['format', '--stdin-file-path=client/api.ts'], {
      input: clientApi(),
      encoding: 'utf8',
    });
    expect(readFileSync('client/api.ts', 'utf8')).toBe(generated);
  });

  test('names each code somewhere, with its one status', () => {
    const named = new Set(Object.values<Operation>(operations).flatMap(errorsOf));
    // Of what is no request, of paths that are none, of the audit log, and of the site's forms.
    const elsewhere = [
      'request_too_slow',
      'headers_too_large',
      'not_found',
      'method_not_allowed',
      'access_not_ended',
      'form_refused',
      'session_ended',
      'sign_in_link_invalid',
    ];
    expect(errorCodes.filter((code) => !named.has(code) && !elsewhere.includes(code))).toEqual([]);
  });

  test('documents for each call its security, problems and Retry-After', () => {
    for (const [path, methods] of Object.entries(document.paths))
      for (const [method, operation] of Object.entries<{ security: unknown; responses: object }>(
        methods as Record<string, never>,
      )) {
        expect([path, method, operation.security]).toEqual([path, method, expect.any(Array)]);
        for (const status of ['400', '500', '503'])
          if (!path.endsWith('callbacks')) expect(operation.responses).toHaveProperty(status);
        expect(operation.responses).toHaveProperty('503.headers.retry-after');
      }
  });
});

const examples = Object.entries<Operation>(operations).flatMap(([id, operation]) =>
  Object.entries(operation.examples).map(
    ([name, example]) => [id, name, operation, example] as [string, string, Operation, Example],
  ),
);

describe('every example, sent to the running service, gives what it says and what the document says:', () => {
  let running: Vendor;
  let contract: ReturnType<typeof readContract>;
  beforeAll(async () => {
    running = await startVendor({
      permissionSets: await openPermissionSets('examples/permission-sets', {
        read: async () => ({}),
        add: async (hashes) => hashes,
      }),
      operatorTokenHash: createHash('sha256').update(operatorToken).digest('hex'),
      propagationWindowMs: 200,
    });
    contract = readContract(document);
  });
  afterAll(() => running.close());

  test.each(examples)('%s: %s', async (id, name, operation, example) => {
    const world = await makeWorld(running, connectionOf(id, name));
    const put = (text: string) =>
      Object.entries(world.realValues).reduce((all, [shown, real]) => all.replaceAll(shown, real), text);
    const path = put(
      operation.path.replace(/\{(\w+)\}/g, (_, key) => example.path?.[key] ?? '') +
        (example.query ? `?${new URLSearchParams(example.query)}` : ''),
    );
    const body = example.body === undefined ? undefined : put(JSON.stringify(example.body));
    const method = operation.method.toUpperCase();
    const credentials = {
      organization: () => ({ authorization: `Bearer ${world.apiKey}` }),
      operator: () => ({ authorization: `Bearer ${operatorToken}` }),
      status_token: () => ({ authorization: `Bearer ${world.statusToken}` }),
      setup_code: () => ({ authorization: `Bearer ${world.setupCode}` }),
      signature: () =>
        callbackMessage(id === 'registerAccount' ? world.enrollmentSecret : world.callbackSecret, body ?? '')
          .headers,
      metrics_token: () => ({}),
      none: () => ({}),
    }[operation.auth]();
    const response = await fetch(running.service.url + path, {
      method,
      headers: { ...credentials, ...(body !== undefined && { 'content-type': 'application/json' }) },
      ...(body !== undefined && { body }),
    });
    const text = await response.text();
    const isJson = /[/+]json/.test(response.headers.get('content-type') ?? '');
    const answer = { status: response.status, body: isJson && text !== '' ? JSON.parse(text) : undefined };

    expect(typeof example.returns === 'number' ? answer.status : answer.body?.code).toBe(example.returns);
    expect(contract.faultOf(method, path, answer)).toBeUndefined();
    if (typeof example.returns === 'number') {
      expect(answer.status).toBe(operation.answer.status);
      expect(contract.accepts(method, path, body && JSON.parse(body))).toBe(true);
    } else
      expect(answer.body.status).toBe(
        operation.statusOf?.[example.returns] ?? errorCatalog[example.returns].status,
      );
  });
});

/** What the connection in an example is. */
function connectionOf(id: string, name: string): 'connected' | 'pending' | 'access_key' {
  if (['setRole', 'receiveCallback'].includes(id) || name === 'noRole') return 'pending';
  return ['rotateAccessKey.exchange', 'migrateToRole.begin'].includes(`${id}.${name}`)
    ? 'access_key'
    : 'connected';
}

let worlds = 0;

/** An organization in which the examples come true: one customer with a connection, a role and a key; one scope that is taken. */
async function makeWorld({ sandbox, service }: Vendor, kind: ReturnType<typeof connectionOf>) {
  const reference = `${organizationReference}-${worlds++}`;
  const { apiKey } = await service.createOrganization('tenant', { reference });
  const call: Vendor['call'] = (method, path, body) => callApi(service.url, apiKey, method, path, body);
  const customer = sandbox.createAccount();
  const shownAccountId = roleArn.split(':')[4] ?? '';
  const itsRoleArn = roleArn.replace(shownAccountId, customer.accountId);
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
  if (kind === 'connected')
    await call('PUT', `/v1/connections/${made.body.id}/role`, { roleArn: itsRoleArn });
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
  return {
    apiKey,
    callbackSecret: made.body.callbackSecret as string,
    statusToken: made.body.statusToken as string,
    setupCode: setupCode.body?.code as string,
    enrollmentSecret: enrollment.body.secret as string,
    realValues: {
      [connectionId]: made.body.id,
      [shownAccountId]: customer.accountId,
      [roleId]: roleIds.get(itsRoleArn) ?? roleId,
      [apiKeyId]: key.body.id,
      [enrollmentId]: enrollment.body.id,
      [webhookEndpointId]: endpoint.body.id,
      [organizationReference]: reference,
      ...Object.fromEntries(
        Object.entries(callerProof).map(([name, shown]) => [shown, proof[name as keyof typeof proof]]),
      ),
      [accessKey.accessKeyId]: other.accessKeyId,
      [accessKey.secretAccessKey]: other.secretAccessKey,
    } as Record<string, string>,
  };
}
