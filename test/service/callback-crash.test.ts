/** A process that dies while it handles a callback leaves nothing that the same `webhook-id` has to wait for. */
import { createRecordStore } from '../../service/records/record-store.js';
import { callbackMessage, deprovisioned, provisioned } from '../callback-message.js';
import { createMapBackend } from '../contract/map-backend.js';
import { dyingStore } from '../dying-store.js';
import { startVendor, type Vendor } from '../vendor.js';

let vendor: Vendor;
beforeAll(async () => {
  vendor = await startVendor({ store: createRecordStore(createMapBackend()) });
});
afterAll(() => vendor.close());

/** A mark of use may be lost. */
const writes = /^(appendAudit|commit)$/;

async function pending(name: string) {
  const { body } = await vendor.call('POST', '/v1/connections', { name, scope: { project: name } });
  const role = (trustPolicy = body.trustPolicy) =>
    vendor.sandbox.createRole(vendor.sandbox.createAccount().accountId, { roleName: 'reader', trustPolicy })
      .arn;
  return { id: body.id as string, secret: body.callbackSecret as string, role };
}

const anyoneOfTheVendor = () => ({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Principal: { AWS: vendor.principal }, Action: 'sts:AssumeRole' }],
});

const events = {
  'a role that connects': async (name: string) => {
    const { id, secret, role } = await pending(name);
    return { id, secret, event: provisioned(id, role()), answer: [200, 'connected'] };
  },
  'a role that is refused': async (name: string) => {
    const { id, secret, role } = await pending(name);
    return {
      id,
      secret,
      event: provisioned(id, role(anyoneOfTheVendor())),
      answer: [422, 'external_id_not_required'],
    };
  },
  'a role that goes': async (name: string) => {
    const { id, secret, role } = await pending(name);
    const arn = role();
    await send(vendor.service.url, callbackMessage(secret, provisioned(id, arn)));
    return { id, secret, event: deprovisioned(id, arn), answer: [200, 'disconnected'] };
  },
};

async function send(url: string, message: ReturnType<typeof callbackMessage>) {
  const response = await fetch(`${url}/v1/callbacks`, { method: 'POST', ...message });
  const body = (await response.json()) as { status?: unknown; code?: unknown };
  return [response.status, body.code ?? body.status];
}

describe.each(Object.entries(events))('%s', (_, prepare) => {
  test.each([
    [1, false],
    [1, true],
    [2, false],
    [2, true],
  ])('is answered immediately after a crash at write %i, stored: %s', async (at, isStored) => {
    const { id, secret, event, answer } = await prepare(`p${Math.random().toString(36).slice(2)}`);
    const message = callbackMessage(secret, event);
    const { dying, died } = dyingStore(vendor.store, at, isStored, writes);
    const first = await vendor.startAnother({ store: dying });
    const unanswered = new AbortController();
    const lost = fetch(`${first.url}/v1/callbacks`, {
      method: 'POST',
      ...message,
      signal: unanswered.signal,
    }).catch(() => 'lost');
    await died;
    expect(await send(vendor.service.url, message)).toEqual(answer);
    expect(await send(vendor.service.url, message)).toEqual(answer);
    unanswered.abort();
    expect(await lost).toBe('lost');
    await first.close();
    const { body } = await vendor.call('GET', `/v1/connections/${id}`);
    expect(body.status).toBe(answer[0] === 422 ? 'failed' : answer[1]);
  });

  test('takes two durable writes', async () => {
    const { secret, event, answer } = await prepare(`p${Math.random().toString(36).slice(2)}`);
    const { dying, died } = dyingStore(vendor.store, 3, false, writes);
    const other = await vendor.startAnother({ store: dying });
    let isThird = false;
    died.then(() => {
      isThird = true;
    });
    expect(await send(other.url, callbackMessage(secret, event))).toEqual(answer);
    expect(isThird).toBe(false);
    await other.close();
  });
});
