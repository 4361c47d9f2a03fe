/** One run of everything with secrets that are known, and then a search for them everywhere. */
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  createAccessKeyEncryption,
  createEncryption,
  createLocalKeyEncryptionKey,
  openFileStore,
} from '../../service/index.js';
import { callbackMessage, deprovisioned, provisioned } from '../callback-message.js';
import { callApi, startVendor } from '../vendor.js';

it('no secret appears in logs, metrics, the audit log, later answers, problem pages, data files or errors', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'rolebridge-canary-'));
  const [serviceKey, encryptionKey] = [randomBytes(32), randomBytes(32)];
  const vendor = await startVendor({
    logLevel: 'trace',
    propagationWindowMs: 200,
    store: await openFileStore({ directory }),
    encryption: createEncryption([{ id: 'k1', key: serviceKey }]),
    accessKeyEncryption: createAccessKeyEncryption(
      createLocalKeyEncryptionKey([{ id: 'e1', key: encryptionKey }]),
    ),
    metricsListener: { host: '127.0.0.1', port: 0 },
  });
  const secrets = new Map<string, string>();
  const remember = (name: string, secret: string) => {
    expect(secret.length).toBeGreaterThan(15);
    secrets.set(secret.replace(/^(whsec_|rbk_[a-z2-7]{16}_)/, ''), name);
  };
  const answers: string[] = [];
  /** Secrets shown once are removed from an answer before it is recorded. */
  const call = async (method: string, path: string, body?: unknown, shown: string[] = []) => {
    const answer = await vendor.call(method, path, body);
    for (const name of shown) remember(`${method} ${path}: ${name}`, answer.body[name]);
    const rest = { ...answer.body };
    for (const name of shown) delete rest[name];
    // The snippets of the same answer name the variables that hold secrets, and not the secrets.
    answers.push(JSON.stringify([rest, [...answer.headers]]));
    return answer;
  };
  remember('service key', serviceKey.toString('base64'));
  remember('encryption key', encryptionKey.toString('base64'));
  remember('API key', vendor.apiKey);

  // A connection with a role: callback, credentials, rotation of its secret, and the end.
  const made = await call('POST', '/v1/connections', { name: 'role', scope: {} }, [
    'callbackSecret',
    'statusToken',
  ]);
  const { id, callbackSecret } = made.body;
  const { accountId } = vendor.sandbox.createAccount();
  const { arn } = vendor.sandbox.createRole(accountId, { roleName: 'r', trustPolicy: made.body.trustPolicy });
  const post = async (secret: string, event: object) => {
    const { headers, body } = callbackMessage(secret, event);
    remember('signature', headers['webhook-signature']?.slice(3) ?? '');
    const answer = await fetch(`${vendor.service.url}/v1/callbacks`, {
      method: 'POST',
      headers,
      body: body as string,
    });
    answers.push(await answer.text());
    return answer.status;
  };
  expect(await post(callbackSecret, provisioned(id, arn))).toBe(200);
  const session = ['secretAccessKey', 'sessionToken'];
  expect((await call('POST', '/v1/credentials', {}, session)).status).toBe(200);
  await call('POST', '/v1/credentials', {
    sessionPolicy: '{"Version":"2012-10-17","Statement":[]}',
    durationSeconds: 900,
  });
  await call('POST', `/v1/connections/${id}/rotate-callback-secret`, {}, ['callbackSecret', 'statusToken']);

  // A connection with an access key; one that AWS refuses; one in a body that is refused.
  const key = vendor.sandbox.createAccessKey(vendor.sandbox.createAccount().accountId, 'customer');
  remember('access key', key.secretAccessKey);
  const accessKey = { accessKeyId: key.accessKeyId, secretAccessKey: key.secretAccessKey };
  const withKey = { name: 'key', method: 'access_key', scope: { project: 'p' }, ...accessKey };
  expect((await call('POST', '/v1/connections', withKey)).status).toBe(201);
  const wrong = 'WrongSecretKeyOfACustomer0123456789abcdEF';
  remember('wrong access key', wrong);
  expect((await call('POST', '/v1/connections', { ...withKey, secretAccessKey: wrong })).status).toBe(422);
  const misplaced = 'MisplacedSecretInAName0123456789abcdefGH';
  remember('misplaced secret', misplaced);
  for (const body of [
    { name: 'a', secretAccesKey: misplaced },
    { name: [misplaced] },
    { name: 'a', [misplaced]: 1 },
  ])
    await vendor.call('POST', '/v1/connections', body);
  await vendor.call('GET', `/v1/connections/${misplaced}?after=${misplaced}`);
  await fetch(`${vendor.service.url}/${misplaced}`, {
    headers: { cookie: misplaced, authorization: `Bearer ${misplaced}`, 'x-anything': misplaced },
  });

  // AWS returns secrets in unexpected places.
  for (const kind of ['garbage', 'reset', 'error'] as const) {
    const canary = `Canary${kind}SecretOfAws0123456789abcdefghijkl`;
    remember(`AWS ${kind}`, canary);
    const body = `<ErrorResponse><SecretAccessKey>${canary}</SecretAccessKey><SessionToken>${canary}</SessionToken>`;
    vendor.sandbox.faults.set(kind === 'garbage' ? { kind, body, times: 1 } : { kind, times: 1 });
    await call('POST', `/v1/connections/${id}/verify`);
    vendor.sandbox.faults.clear();
  }
  const other = await vendor.service.createOrganization('other');
  remember('API key of another organization', other.apiKey);
  await callApi(vendor.service.url, other.apiKey, 'GET', `/v1/connections/${id}`);
  await call('GET', '/v1/connections');
  await call('GET', `/v1/connections/${id}`);
  await call('GET', '/v1/resolve');
  await call('GET', '/v1/api-keys');
  await call('GET', '/v1/audit?limit=100');
  expect(await post(callbackSecret, deprovisioned(id, arn))).toBe(200);
  await call('GET', '/v1/audit?limit=100');

  const metrics = await (await fetch(vendor.service.metricsUrl ?? '')).text();
  const page = await (await fetch(`${vendor.service.url}/problems/access_key_invalid`)).text();
  await vendor.close();
  const files = readdirSync(directory, { recursive: true, encoding: 'utf8' })
    .map((name) => join(directory, name))
    .filter((path) => statSync(path).isFile());
  expect(files.length).toBeGreaterThan(1);

  const places: [string, string][] = [
    ['logs', vendor.logs.join('')],
    ['answers', answers.join('\n')],
    ['metrics', metrics],
    ['a problem’s page', page],
    ...files.map((path): [string, string] => [path.slice(directory.length), readFileSync(path, 'latin1')]),
  ];
  const found = places.flatMap(([place, text]) =>
    [...secrets].filter(([secret]) => text.includes(secret)).map(([, name]) => `${name} in ${place}`),
  );
  expect(found).toEqual([]);
  expect(secrets.size).toBeGreaterThan(14);
  // The search finds existing secrets.
  expect(places.some(([, text]) => text.includes(arn))).toBe(true);
});

it('answers with credentials are not cacheable', async () => {
  const vendor = await startVendor();
  const { headers } = await vendor.call('POST', '/v1/credentials', {});
  expect(headers.get('cache-control')).toBe('no-store');
  expect((await vendor.call('POST', '/v1/connections', { name: 'a' })).headers.get('cache-control')).toBe(
    'no-store',
  );
  await vendor.close();
});
