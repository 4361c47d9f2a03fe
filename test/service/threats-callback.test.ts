/** Forged, replayed and flooding callbacks, and information leaks of the answers. */
import { randomBytes } from 'node:crypto';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createEncryption, openFileStore } from '../../service/index.js';
import { callbackMessage, deprovisioned, provisioned, sign } from '../callback-message.js';
import { rawRequest } from '../raw-request.js';
import { startVendor, type Vendor } from '../vendor.js';

let vendor: Vendor;
afterEach(() => vendor.close());

async function pending(of: Vendor) {
  const { body } = await of.call('POST', '/v1/connections', { name: 'shop' });
  const { accountId } = of.sandbox.createAccount();
  const { arn } = of.sandbox.createRole(accountId, { roleName: 'r', trustPolicy: body.trustPolicy });
  return { ...body, arn };
}
async function post(of: Vendor, { headers, body }: ReturnType<typeof callbackMessage>) {
  const answer = await fetch(`${of.service.url}/v1/callbacks`, {
    method: 'POST',
    headers,
    body: body as string,
  });
  return { status: answer.status, text: await answer.text() };
}

it('the same callback after a restart is the same event, with the first answer', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'rolebridge-restart-'));
  const encryption = createEncryption([{ id: 'k1', key: randomBytes(32) }]);
  vendor = await startVendor({ store: await openFileStore({ directory }), encryption });
  const { id, arn, callbackSecret } = await pending(vendor);
  const message = callbackMessage(callbackSecret, provisioned(id, arn));
  const first = await post(vendor, message);
  expect(first.status).toBe(200);
  await vendor.service.close();

  const restarted = await startVendor({ store: await openFileStore({ directory }), encryption });
  expect(await post(restarted, message)).toEqual(first);
  // Nothing was asked of AWS for it: this service's AWS does not even know the role.
  expect(restarted.sandbox.requests).toEqual([]);
  await restarted.close();
});

describe('expensive input is rejected before it is checked', () => {
  it('ten thousand candidates for a signature', async () => {
    vendor = await startVendor();
    const { id, arn, callbackSecret } = await pending(vendor);
    const event = JSON.stringify(provisioned(id, arn));
    const timestamp = String(Math.floor(Date.now() / 1000));
    const right = sign(callbackSecret, 'msg_1', timestamp, event);
    const head = (signature: string) =>
      `POST /v1/callbacks HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(event)}\r\nwebhook-id: msg_1\r\nwebhook-timestamp: ${timestamp}\r\nwebhook-signature: ${signature}\r\n\r\n${event}`;
    const many = (number: number) => `${Array(number).fill('v1,AAAA').join(' ')} ${right}`;
    expect(await rawRequest(vendor.service.url, head(many(10_000)))).toMatch(/^HTTP\/1\.1 431 /);
    expect(await rawRequest(vendor.service.url, head(many(1_000)))).toMatch(/^HTTP\/1\.1 401 /);
    expect(await rawRequest(vendor.service.url, head(right))).toMatch(/^HTTP\/1\.1 200 /);
  });
});

it.each([
  ['algorithm none', (right: string) => right.replace('v1,', 'none,')],
  ['no scheme', (right: string) => right.replace('v1,', '')],
  ['an asymmetric scheme', (right: string) => right.replace('v1,', 'v1a,')],
  ['the digest in capitals', (right: string) => right.toUpperCase()],
  [
    'the digest in hexadecimal',
    (right: string) => `v1,${Buffer.from(right.slice(3), 'base64').toString('hex')}`,
  ],
  ['the digest twice', (right: string) => `${right}${right.slice(3)}`],
  [
    'a byte less',
    (right: string) => `v1,${Buffer.from(right.slice(3), 'base64').subarray(1).toString('base64')}`,
  ],
  ['commas in place of spaces', (right: string) => `v1,AAAA,${right}`],
])('a signature with %s is rejected', async (_name, change) => {
  vendor = await startVendor();
  const { id, arn, callbackSecret } = await pending(vendor);
  const event = JSON.stringify(provisioned(id, arn));
  const timestamp = String(Math.floor(Date.now() / 1000));
  const signature = change(sign(callbackSecret, 'msg_1', timestamp, event));
  const answer = await post(
    vendor,
    callbackMessage(callbackSecret, event, { id: 'msg_1', timestamp, signature }),
  );
  expect(answer.status).toBe(401);
  expect((await vendor.call('GET', `/v1/connections/${id}`)).body.status).toBe('pending');
});

describe("a stranger can't detect existing objects by status, body, headers or time", () => {
  const varying = new Set(['date', 'x-request-id', 'ratelimit']);
  const seen = async (ask: () => Promise<Response>) => {
    const answer = await ask();
    const headers = [...answer.headers].filter(([name]) => !varying.has(name));
    return { status: answer.status, text: await answer.text(), headers };
  };

  /** Medians of the two, asked in turn. */
  async function times(one: () => Promise<Response>, other: () => Promise<Response>) {
    const measured: [number[], number[]] = [[], []];
    for (let round = 0; round < 150; round++)
      for (const [index, ask] of [one, other].entries()) {
        const startedAt = performance.now();
        await (await ask()).text();
        measured[index]?.push(performance.now() - startedAt);
      }
    return measured.map((all) => all.sort((a, b) => a - b)[30] ?? Number.NaN) as [number, number];
  }

  it('another organization’s connection and an unknown one', async () => {
    vendor = await startVendor();
    const { id } = await pending(vendor);
    const { apiKey } = await vendor.service.createOrganization('stranger');
    const ask =
      (path: string, method = 'GET') =>
      () =>
        fetch(`${vendor.service.url}/v1/connections/${path}`, {
          method,
          headers: { authorization: `Bearer ${apiKey}` },
        });
    const unknown = 'con_aaaaaaaaaaaaaaaaaaaaaaaa';
    for (const method of ['GET', 'DELETE'])
      expect(await seen(ask(id, method))).toEqual(await seen(ask(unknown, method)));
    const [known, none] = await times(ask(id), ask(unknown));
    expect(known / none).toBeGreaterThan(0.6);
    expect(known / none).toBeLessThan(1 / 0.6);
  });

  it('a callback for a known connection and an unknown one', async () => {
    vendor = await startVendor();
    const { id, arn } = await pending(vendor);
    const ask = (connectionId: string) => () => {
      const { headers, body } = callbackMessage('whsec_AAAA', provisioned(connectionId, arn));
      return fetch(`${vendor.service.url}/v1/callbacks`, { method: 'POST', headers, body: body as string });
    };
    const unknown = 'con_aaaaaaaaaaaaaaaaaaaaaaaa';
    expect(await seen(ask(id))).toEqual(await seen(ask(unknown)));
    const [known, none] = await times(ask(id), ask(unknown));
    expect(known / none).toBeGreaterThan(0.6);
    expect(known / none).toBeLessThan(1 / 0.6);
  });

  it('a known API key and an unknown one', async () => {
    vendor = await startVendor();
    const ask = (key: string) => () =>
      fetch(`${vendor.service.url}/v1/connections`, { headers: { authorization: `Bearer ${key}` } });
    const wrong = `${vendor.apiKey.slice(0, -64)}${'0'.repeat(64)}`;
    const unknown = `rbk_${'a'.repeat(16)}_${'0'.repeat(64)}`;
    expect(await seen(ask(wrong))).toEqual(await seen(ask(unknown)));
  });
});

describe('a callback secret', () => {
  const connected = async () => {
    const { body } = await vendor.call('POST', '/v1/connections', {
      name: 'shop',
      scope: { project: 'shop' },
    });
    const { accountId } = vendor.sandbox.createAccount();
    const role = (roleName: string, account = accountId) =>
      vendor.sandbox.createRole(account, { roleName, trustPolicy: body.trustPolicy }).arn;
    const callBack = async (event: object) => {
      const answer = await post(vendor, callbackMessage(body.callbackSecret, event));
      return { ...answer, body: JSON.parse(answer.text) };
    };
    const arn = role('first');
    expect((await callBack(provisioned(body.id, arn))).status).toBe(200);
    const show = async () => (await vendor.call('GET', `/v1/connections/${body.id}`)).body;
    return { ...body, arn, role, callBack, show };
  };
  const audited = async (id: string) =>
    (await vendor.call('GET', `/v1/audit?connection=${id}&limit=1`)).body.records[0];

  it("can't move a connected connection into another account, and the rejection reveals nothing", async () => {
    vendor = await startVendor();
    const { id, arn, role, externalId, principal, callBack, show } = await connected();
    const before = await show();
    const thief = role('thief', vendor.sandbox.createAccount().accountId);
    const asked = vendor.sandbox.requests.length;
    for (const roleArn of [thief, `arn:aws:iam::123456789012:role/made-up`]) {
      const answer = await callBack(provisioned(id, roleArn));
      expect([answer.status, answer.body.code]).toEqual([409, 'account_mismatch']);
      for (const told of [externalId, principal, arn, 'trustPolicy', 'Statement'])
        expect(answer.text).not.toContain(told);
    }
    expect(vendor.sandbox.requests.length).toBe(asked);
    expect(await show()).toEqual(before);
    expect(await audited(id)).toMatchObject({
      actor: { kind: 'callback' },
      outcome: 'refused',
      code: 'account_mismatch',
    });
  });

  it('disconnects a connection only with its current role', async () => {
    vendor = await startVendor();
    const { id, arn, role, callBack, show } = await connected();
    const next = role('second');
    expect((await callBack(provisioned(id, next))).status).toBe(200);
    const old = await callBack(deprovisioned(id, arn));
    expect([old.status, old.body.status, old.body.roleArn]).toEqual([200, 'connected', next]);
    expect(await show()).toMatchObject({ status: 'connected', roleArn: next });
    expect(await audited(id)).toMatchObject({
      action: 'connection.deprovision',
      outcome: 'succeeded',
      details: { roleArn: arn, changed: false },
    });
    expect((await callBack(deprovisioned(id, next))).body.status).toBe('disconnected');
  });

  it("can't change a set scope, and the answer says so", async () => {
    vendor = await startVendor();
    const { id, arn, callBack, show } = await connected();
    for (const scope of [{ project: 'bank' }, {}]) {
      const { status, body } = await callBack(provisioned(id, arn, scope));
      expect([status, body.warnings]).toEqual([200, [expect.objectContaining({ code: 'scope_kept' })]]);
      expect((await show()).scopes).toEqual([{ project: 'shop' }]);
    }
    expect((await callBack(provisioned(id, arn, { project: 'shop' }))).body).not.toHaveProperty('warnings');
  });
});
