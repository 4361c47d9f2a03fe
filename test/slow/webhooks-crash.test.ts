/** The real process, killed with messages on their way. */
import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type AwsSandbox, startAwsSandbox } from '../aws-sandbox/index.js';
import { until } from '../passing-clock.js';
import { serviceProgram } from '../run/service-program.mjs';
import { callApi } from '../vendor.js';
import { startWebhookReceiver, type WebhookReceiver } from '../webhook-receiver.js';

let sandbox: AwsSandbox;
let receiver: WebhookReceiver;
let directory: string;
const children: ChildProcess[] = [];
const operatorToken = randomBytes(32).toString('hex');
const serviceKey = randomBytes(32).toString('base64');

beforeEach(async () => {
  sandbox = await startAwsSandbox();
  receiver = await startWebhookReceiver();
  directory = mkdtempSync(join(tmpdir(), 'rolebridge-webhooks-'));
});
afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  await sandbox.close();
  await receiver.close();
  rmSync(directory, { recursive: true, force: true });
});

async function start(settings: Record<string, string> = {}) {
  const vendor = sandbox.createAccount();
  const key = sandbox.createAccessKey(vendor.accountId, 'rolebridge');
  const child = spawn(process.execPath, [serviceProgram], {
    env: {
      PATH: process.env.PATH,
      ROLEBRIDGE_PRINCIPAL: `arn:aws:iam::${vendor.accountId}:user/rolebridge`,
      ROLEBRIDGE_SERVICE_KEYS: `s1:${serviceKey}`,
      ROLEBRIDGE_PORT: '0',
      ROLEBRIDGE_DATA_DIR: directory,
      ROLEBRIDGE_STS_ENDPOINT: sandbox.url,
      ROLEBRIDGE_OPERATOR_TOKEN: operatorToken,
      ROLEBRIDGE_WEBHOOK_ENDPOINTS: receiver.url,
      ROLEBRIDGE_WEBHOOK_SECRETS: receiver.secret,
      ROLEBRIDGE_WEBHOOK_ALLOW_PRIVATE: 'on',
      AWS_ACCESS_KEY_ID: key.accessKeyId,
      AWS_SECRET_ACCESS_KEY: key.secretAccessKey,
      ...settings,
    },
  });
  children.push(child);
  let output = '';
  child.stdout?.on('data', (data) => {
    output += data;
  });
  child.stderr?.on('data', (data) => {
    output += data;
  });
  const exit = once(child, 'close').then(([code]) => code as number | null);
  const url = () => /"url":"([^"]+)"/.exec(output)?.[1];
  await until(() => url() ?? child.exitCode !== null, 'the service');
  return { child, exit, url: url() ?? '', output: () => output };
}

test('messages acknowledged before kill -9 are delivered after the restart, with the same id', async () => {
  // Nothing is taken yet: each message comes and is refused, or comes in the moment of the crash.
  receiver.answer = (response) => response.writeHead(503).end();
  const first = await start();
  const { body: organization } = await callApi(first.url, operatorToken, 'POST', '/v1/organizations', {
    name: 'acme',
  });
  const key = organization.apiKey;
  const acknowledged: string[] = [];
  const work = (async () => {
    for (let count = 0; ; count++) {
      const made = await callApi(first.url, key, 'POST', '/v1/connections', { name: `c${count}` });
      const deleted = await callApi(first.url, key, 'DELETE', `/v1/connections/${made.body.id}`);
      if (deleted.status === 204) acknowledged.push(made.body.id);
    }
  })().catch(() => {});
  await until(() => acknowledged.length >= 25);
  first.child.kill('SIGKILL');
  await Promise.all([first.exit, work]);
  const seen = new Map(receiver.received.map(({ id, body }) => [body.data.connectionId as string, id]));

  receiver.answer = (response) => response.writeHead(204).end();
  const after = receiver.received.length;
  const second = await start();
  const delivered = () => receiver.received.slice(after);
  await until(() => {
    const got = new Set(delivered().map(({ body }) => body.data.connectionId));
    return acknowledged.every((id) => got.has(id));
  }, 'the delivery of every message');
  for (const { id, body } of delivered()) {
    const before = seen.get(body.data.connectionId);
    if (before !== undefined) expect(id).toBe(before);
  }
  expect(receiver.refused).toEqual([]);
  second.child.kill('SIGTERM');
  expect(await second.exit).toBe(0);
  expect(second.output()).not.toContain(receiver.secret);
}, 60_000);

test("an unresponsive endpoint doesn't delay shutdown", async () => {
  receiver.answer = () => {};
  const service = await start();
  const { body } = await callApi(service.url, operatorToken, 'POST', '/v1/organizations', { name: 'acme' });
  const made = await callApi(service.url, body.apiKey, 'POST', '/v1/connections', { name: 'c' });
  await callApi(service.url, body.apiKey, 'DELETE', `/v1/connections/${made.body.id}`);
  await until(() => receiver.received.length === 1);
  const began = Date.now();
  service.child.kill('SIGTERM');
  expect(await service.exit).toBe(0);
  expect(Date.now() - began).toBeLessThan(3_000);
});

test.each([
  [{ ROLEBRIDGE_WEBHOOK_SECRETS: '' }, 'ROLEBRIDGE_WEBHOOK_SECRETS: is missing'],
  [{ ROLEBRIDGE_WEBHOOK_SECRETS: 'whsec_c2hvcnQ=' }, 'ROLEBRIDGE_WEBHOOK_SECRETS: must be whsec_'],
  [{ ROLEBRIDGE_WEBHOOK_ALLOW_PRIVATE: 'off' }, 'ROLEBRIDGE_WEBHOOK_ENDPOINTS: has a URL that is not https'],
  [{ ROLEBRIDGE_WEBHOOK_ENDPOINTS: 'https://u:p@vendor.example/' }, 'ROLEBRIDGE_WEBHOOK_ENDPOINTS: must be'],
  [{ ROLEBRIDGE_WEBHOOK_ENDPOINTS: 'file:///etc/passwd' }, 'ROLEBRIDGE_WEBHOOK_ENDPOINTS: must be'],
  [
    { ROLEBRIDGE_WEBHOOK_ENDPOINTS: 'https://vendor.example/,https://vendor.example/' },
    'ROLEBRIDGE_WEBHOOK_ENDPOINTS: names one URL twice',
  ],
  [{ ROLEBRIDGE_VERIFY_INTERVAL_SECONDS: '5' }, 'ROLEBRIDGE_VERIFY_INTERVAL_SECONDS: '],
])('the service does not start with %j', async (settings, message) => {
  const { exit, output } = await start(settings);
  expect(await exit).toBe(2);
  expect(output()).toContain(message);
  for (const secret of [receiver.secret, 'c2hvcnQ', 'u:p@']) expect(output()).not.toContain(secret);
});
