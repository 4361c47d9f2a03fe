/** Rotations and copies as docs/operations.md describes them, with real processes. */

import { randomBytes } from 'node:crypto';
import { cpSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { callerProof } from '../../service/api/example-values.js';
import { callbackMessage, provisioned } from '../callback-message.js';
import { runCommandLine } from '../command-line.js';
import { registrationMessage } from '../enrolling-account.js';
import { sharedPostgres } from '../postgres/index.js';
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
type Made = Awaited<ReturnType<typeof pending>>;
const newKey = (id: string) => `${id}:${randomBytes(32).toString('base64')}`;

it.each(['files', 'postgres'])(
  'a service key on %s: the new one first, reencrypt, the old one taken out; no customer notices',
  async (store) => {
    if (store === 'postgres') {
      await vendor.close();
      vendor = await startVendorProcess({ DATABASE_URL: await (await sharedPostgres()).newSchema() });
    }
    const [old, next] = [newKey('k1'), newKey('k2')];
    const token = randomBytes(32).toString('hex');
    const first = await vendor.start({ ROLEBRIDGE_SERVICE_KEYS: old });
    const apiKey = await vendor.organization(first);
    const made = [await pending(first, apiKey), await pending(first, apiKey), await pending(first, apiKey)];
    const [one, rotated, deleted] = made as [Made, Made, Made];
    const { body: enrollment } = await callApi(first.url, apiKey, 'POST', '/v1/enrollments', { name: 'all' });
    const path = `/v1/connections/${rotated.id}/rotate-callback-secret`;
    const { body: rotation } = await callApi(first.url, apiKey, 'POST', path, {});
    await callApi(first.url, apiKey, 'DELETE', `/v1/connections/${deleted.id}`);
    const user = { name: 'Ada Lovelace' };
    await callApi(first.url, apiKey, 'POST', '/v1/sign-in-links', { user });
    await callApi(first.url, apiKey, 'POST', '/v1/webhook-endpoints', {
      url: 'https://hooks.vendor.example/',
    });
    await stop(first);

    const second = await vendor.start({
      ROLEBRIDGE_SERVICE_KEYS: `${next},${old}`,
      ROLEBRIDGE_OPERATOR_TOKEN: token,
    });
    const encrypted = () => callApi(second.url, token, 'POST', '/v1/reencrypt');
    expect((await encrypted()).body).toEqual({
      callbackSecrets: { keyId: 'k2', reencrypted: 3, unchanged: 0, failed: [] },
      enrollmentSecrets: { keyId: 'k2', reencrypted: 1, unchanged: 0, failed: [] },
      webhookSecrets: { keyId: 'k2', reencrypted: 1, unchanged: 0, failed: [] },
      personKeys: { keyId: 'k2', reencrypted: 1, unchanged: 0, failed: [] },
      signatures: { keyId: 'i2', signedAgain: expect.any(Number) },
    });
    // On the machine of the running service the command needs neither its URL nor a token.
    const env = { ...vendor.environment, ROLEBRIDGE_SERVICE_KEYS: `${next},${old}` };
    const again = await runCommandLine(['reencrypt', '--json'], { env });
    expect(JSON.parse(again.stdout)).toMatchObject({
      callbackSecrets: { reencrypted: 0, unchanged: 3 },
      personKeys: { reencrypted: 0, unchanged: 1 },
      signatures: { keyId: 'i2', signedAgain: 0 },
    });
    await stop(second);

    const third = await vendor.start({ ROLEBRIDGE_SERVICE_KEYS: next });
    expect(await callBack(third, one, one.callbackSecret)).toBe(200);
    expect((await callApi(third.url, apiKey, 'GET', '/v1/sign-in-links')).body.signInLinks).toMatchObject([
      { user },
    ]);
    // Both secrets of a rotation went with it, and that of a connection whose stack may yet be destroyed.
    expect(await callBack(third, rotated, rotated.callbackSecret)).toBe(200);
    expect(await callBack(third, rotated, rotation.callbackSecret)).toBe(200);
    expect(await callBack(third, deleted, deleted.callbackSecret)).toBe(422);
    const registered = await fetch(`${third.url}/v1/enrollments/${enrollment.id}/accounts`, {
      method: 'POST',
      ...registrationMessage(enrollment, { proof: callerProof }),
    });
    // The secret is accepted; the proof is an old one.
    expect(await registered.json()).toMatchObject({ code: 'account_not_proved' });

    // Data signed before the change is readable and verified without the old key.
    const { body: audit } = await callApi(third.url, apiKey, 'GET', '/v1/audit?limit=100');
    const actions = audit.records.map(({ action }: { action: string }) => action);
    expect(actions).toEqual(expect.arrayContaining(['organization.create', 'connection.reencrypt']));
    const without = { env: { ...env, ROLEBRIDGE_SERVICE_KEYS: next } };
    const { checks } = JSON.parse((await runCommandLine(['doctor', '--json'], without)).stdout);
    for (const check of ['store', 'service keys'])
      expect(checks).toContainEqual(expect.objectContaining({ check, outcome: 'ok' }));
    await stop(third);
    const repaired = await runCommandLine(['repair'], without);
    if (store === 'files') expect(repaired.stdout).toBe('Nothing is damaged.\n');
    // Forgotten: another key may have the old one's name.
    await stop(await vendor.start({ ROLEBRIDGE_SERVICE_KEYS: `${next},${newKey('k1')}` }));
  },
  90_000,
);

it('a different service key under the same id, or none, stops the start and doctor, by name', async () => {
  const [old, imposter, next] = [newKey('k1'), newKey('k1'), newKey('k2')];
  const first = await vendor.start({ ROLEBRIDGE_SERVICE_KEYS: old });
  await pending(first, await vendor.organization(first));
  await stop(first);
  for (const [keys, sentence] of [
    [imposter, 'the key "k1" is not the key "k1" that encrypted the stored data'],
    [`${next},${imposter}`, 'the key "k1" is not the key "k1" that encrypted the stored data'],
    [next, 'is encrypted with the service key "k1", which is not configured'],
  ] as const) {
    await expect(vendor.start({ ROLEBRIDGE_SERVICE_KEYS: keys })).rejects.toThrow(sentence);
    const env = { ...vendor.environment, ROLEBRIDGE_SERVICE_KEYS: keys };
    const { checks } = JSON.parse((await runCommandLine(['doctor', '--json'], { env })).stdout);
    const failed = checks.filter(({ outcome }: { outcome: string }) => outcome === 'failed');
    expect(failed.map(({ message }: { message: string }) => message).join('\n')).toContain('"k1"');
    expect(checks).toContainEqual(expect.objectContaining({ check: 'service keys', outcome: 'failed' }));
    // With another key everything looks damaged, and would be dropped.
    const repaired = await runCommandLine(['repair', '--drop'], { env });
    expect(repaired.code).not.toBe(0);
    expect(repaired.stderr).toContain('"k1"');
  }
  await stop(await vendor.start({ ROLEBRIDGE_SERVICE_KEYS: `${next},${old}` }));
  await stop(await vendor.start({ ROLEBRIDGE_SERVICE_KEYS: old }));
}, 90_000);

it('a service key: the old one is needed until everything is encrypted and signed with the new one', async () => {
  const [old, next] = [newKey('k1'), newKey('k2')];
  const first = await vendor.start({ ROLEBRIDGE_SERVICE_KEYS: old });
  await pending(first, await vendor.organization(first));
  await stop(first);
  const settings = { ...vendor.environment, ROLEBRIDGE_SERVICE_KEYS: next };
  const answered = await runCommandLine(['reencrypt', '--json'], { env: settings });
  // Its documents are signed under the old key too, so nothing is changed without it.
  expect(answered.code).toBe(3);
  expect(answered.stderr).toMatch(/k1.*which is not configured/);
  const doctor = async (keys: string) => {
    const env = { ...settings, ROLEBRIDGE_SERVICE_KEYS: keys };
    const { checks } = JSON.parse((await runCommandLine(['doctor', '--json'], { env })).stdout);
    return checks.find(({ check }: { check: string }) => check === 'service keys');
  };
  expect(await doctor(`${next},${old}`)).toMatchObject({
    outcome: 'warning',
    remedy: expect.stringContaining('rolebridge reencrypt'),
  });
  expect(await doctor(old)).toMatchObject({ outcome: 'ok' });
}, 90_000);

it('the operator’s token and the metrics token: the old ones stop working at the restart', async () => {
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
  const first = await vendor.organization(service);
  const make = async (name: string) =>
    (await callApi(service.url, first, 'POST', '/v1/api-keys', { name })).body;
  const old = await make('old');
  const next = await make('next');
  expect((await callApi(service.url, first, 'DELETE', `/v1/api-keys/${old.id}`)).status).toBe(204);
  expect((await callApi(service.url, old.apiKey, 'GET', '/v1/connections')).status).toBe(401);
  expect((await callApi(service.url, next.apiKey, 'GET', '/v1/connections')).status).toBe(200);
}, 60_000);

it('a copy of the data directory in another place is complete', async () => {
  const first = await vendor.start();
  const apiKey = await vendor.organization(first);
  const connection = await pending(first, apiKey);
  expect(await callBack(first, connection, connection.callbackSecret)).toBe(200);
  await stop(first);
  const copy = join(mkdtempSync(join(tmpdir(), 'rolebridge-copy-')), 'data');
  cpSync(vendor.directory, copy, { recursive: true });

  // A restore loses changes after the copy.
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
