/** What docs/operations.md says of changing secrets and of copies, done as it says there, with real processes. */
import { randomBytes } from 'node:crypto';
import { cpSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { callbackMessage, provisioned } from '../callback-message.js';
import { type RunningService, startVendorProcess } from '../service-as-process.js';
import { callApi } from '../vendor.js';

let vendor: Awaited<ReturnType<typeof startVendorProcess>>;
beforeEach(async () => {
  vendor = await startVendorProcess();
});
afterEach(() => vendor.close());

const stop = async ({ child, ended }: RunningService) => {
  child.kill('SIGTERM');
  expect(await ended).toBe(0);
};

async function pending(service: RunningService, apiKey: string) {
  const { body } = await callApi(service.url, apiKey, 'POST', '/v1/connections', { name: 'shop' });
  const { accountId } = vendor.sandbox.createAccount();
  const { arn } = vendor.sandbox.createRole(accountId, { roleName: 'r', trustPolicy: body.trustPolicy });
  return { ...body, arn };
}
async function callBack(service: RunningService, { id, arn }: { id: string; arn: string }, secret: string) {
  const { headers, body } = callbackMessage(secret, provisioned(id, arn));
  const answer = await fetch(`${service.url}/v1/callbacks`, {
    method: 'POST',
    headers,
    body: body as string,
  });
  return answer.status;
}
const newKey = (id: string) => `${id}:${randomBytes(32).toString('base64')}`;

it('a service key: the new one first, callback secrets rotated, the old one taken out', async () => {
  const old = newKey('k1');
  const first = await vendor.start({ ROLEBRIDGE_SERVICE_KEYS: old });
  const apiKey = await vendor.organization(first);
  const connection = await pending(first, apiKey);
  await stop(first);

  const next = newKey('k2');
  const second = await vendor.start({ ROLEBRIDGE_SERVICE_KEYS: `${next},${old}` });
  expect(await callBack(second, connection, connection.callbackSecret)).toBe(200);
  const { body: rotated } = await callApi(
    second.url,
    apiKey,
    'POST',
    `/v1/connections/${connection.id}/rotate-callback-secret`,
    { previousValidSeconds: 0 },
  );
  await stop(second);

  const third = await vendor.start({ ROLEBRIDGE_SERVICE_KEYS: next });
  expect(await callBack(third, connection, rotated.callbackSecret)).toBe(200);
  expect(await callBack(third, connection, connection.callbackSecret)).toBe(401);
}, 90_000);

it('a service key that is taken out too early: that callback is a fault of the service, and no other is', async () => {
  const first = await vendor.start({ ROLEBRIDGE_SERVICE_KEYS: newKey('k1') });
  const apiKey = await vendor.organization(first);
  const lost = await pending(first, apiKey);
  await stop(first);
  const second = await vendor.start({ ROLEBRIDGE_SERVICE_KEYS: newKey('k2') });
  expect(await callBack(second, lost, lost.callbackSecret)).toBe(500);
  const fine = await pending(second, apiKey);
  expect(await callBack(second, fine, fine.callbackSecret)).toBe(200);
  expect(second.output()).not.toContain(lost.callbackSecret.slice(6));
}, 90_000);

it('the operator’s token and the token of the metrics: the old ones end with the restart', async () => {
  const [old, next] = [randomBytes(32).toString('hex'), randomBytes(32).toString('hex')];
  const made = (service: RunningService, token: string) =>
    callApi(service.url, token, 'POST', '/v1/organizations', { name: 'a' }).then(({ status }) => status);
  const read = (service: RunningService, token: string) =>
    fetch(`${service.url}/metrics`, { headers: { authorization: `Bearer ${token}` } }).then(
      ({ status }) => status,
    );
  const first = await vendor.start({ ROLEBRIDGE_OPERATOR_TOKEN: old, ROLEBRIDGE_METRICS_TOKEN: old });
  expect([await made(first, old), await read(first, old)]).toEqual([201, 200]);
  await stop(first);
  const second = await vendor.start({ ROLEBRIDGE_OPERATOR_TOKEN: next, ROLEBRIDGE_METRICS_TOKEN: next });
  expect([await made(second, old), await read(second, old)]).toEqual([401, 401]);
  expect([await made(second, next), await read(second, next)]).toEqual([201, 200]);
}, 90_000);

it('an API key: a new one, then the old one is revoked', async () => {
  const service = await vendor.start();
  const old = await vendor.organization(service);
  const { body: next } = await callApi(service.url, old, 'POST', '/v1/api-keys', { name: 'next' });
  const { body } = await callApi(service.url, next.apiKey, 'GET', '/v1/api-keys');
  const { id } = body.apiKeys.find((key: { id: string }) => key.id !== next.id);
  expect((await callApi(service.url, next.apiKey, 'DELETE', `/v1/api-keys/${id}`)).status).toBe(204);
  expect((await callApi(service.url, old, 'GET', '/v1/connections')).status).toBe(401);
  expect((await callApi(service.url, next.apiKey, 'GET', '/v1/connections')).status).toBe(200);
}, 60_000);

it('a copy of the data directory, put in another place, has everything', async () => {
  const first = await vendor.start();
  const apiKey = await vendor.organization(first);
  const connection = await pending(first, apiKey);
  expect(await callBack(first, connection, connection.callbackSecret)).toBe(200);
  await stop(first);
  const copy = join(mkdtempSync(join(tmpdir(), 'rolebridge-copy-')), 'data');
  cpSync(vendor.directory, copy, { recursive: true });

  // What happens after the copy is what a restore forgets.
  const second = await vendor.start();
  await callApi(second.url, apiKey, 'DELETE', `/v1/connections/${connection.id}`);
  await stop(second);

  const restored = await vendor.start({ ROLEBRIDGE_DATA_DIR: copy });
  const { body } = await callApi(restored.url, apiKey, 'GET', `/v1/connections/${connection.id}`);
  expect(body).toMatchObject({ status: 'connected', roleArn: connection.arn });
  expect((await fetch(`${restored.url}/readyz`)).status).toBe(200);
  const verified = await callApi(restored.url, apiKey, 'POST', `/v1/connections/${connection.id}/verify`);
  expect(verified.body.status).toBe('connected');
}, 90_000);
