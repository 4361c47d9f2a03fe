/** Ownership of roles, and concurrent changes. */
import { callbackMessage, provisioned } from '../callback-message.js';
import { startVendor, type Vendor } from '../vendor.js';

let vendor: Vendor;
beforeAll(async () => {
  vendor = await startVendor({ propagationWindowMs: 200, maxWaitMs: 1_000 });
});
afterAll(() => vendor.close());
afterEach(() => vendor.sandbox.faults.clear());

async function pending() {
  const { body } = await vendor.call('POST', '/v1/connections', { name: 'shop' });
  const { accountId } = vendor.sandbox.createAccount();
  const { arn } = vendor.sandbox.createRole(accountId, { roleName: 'r', trustPolicy: body.trustPolicy });
  return { ...body, arn, accountId };
}
const give = (id: string, roleArn: string) => vendor.call('PUT', `/v1/connections/${id}/role`, { roleArn });
const show = async (id: string) => (await vendor.call('GET', `/v1/connections/${id}`)).body;

describe('an external ID from a caller is never used', () => {
  const chosen = 'chosen-by-the-customer';
  it.each<[string, (id: string, arn: string) => Promise<{ status: number }>]>([
    [
      'in a new name',
      (id) => vendor.call('PATCH', `/v1/connections/${id}`, { name: 'a', externalId: chosen }),
    ],
    ['alone', (id) => vendor.call('PATCH', `/v1/connections/${id}`, { externalId: chosen })],
    ['empty', (id) => vendor.call('PATCH', `/v1/connections/${id}`, { name: 'a', externalId: '' })],
    ['blank', (id) => vendor.call('PATCH', `/v1/connections/${id}`, { name: 'a', externalId: ' ' })],
    ['null', (id) => vendor.call('PATCH', `/v1/connections/${id}`, { name: 'a', externalId: null })],
    [
      'with a role',
      (id, arn) => vendor.call('PUT', `/v1/connections/${id}/role`, { roleArn: arn, externalId: chosen }),
    ],
    [
      'with scopes',
      (id) => vendor.call('PUT', `/v1/connections/${id}/scopes`, { scopes: [], externalId: chosen }),
    ],
    ['in a query', () => vendor.call('GET', `/v1/resolve?externalId=${chosen}`)],
    ['with credentials', () => vendor.call('POST', '/v1/credentials', { externalId: chosen })],
  ])('%s', async (_name, ask) => {
    const { id, externalId, arn } = await pending();
    const before = vendor.sandbox.requests.length;
    expect((await ask(id, arn)).status).toBe(400);
    expect((await show(id)).externalId).toBe(externalId);
    expect(vendor.sandbox.requests).toHaveLength(before);
  });

  it('in the query and in headers of a verification', async () => {
    const { id, externalId, arn } = await pending();
    const before = vendor.sandbox.requests.length;
    const answer = await fetch(`${vendor.service.url}/v1/connections/${id}/role?externalId=${chosen}`, {
      method: 'PUT',
      headers: {
        authorization: `Bearer ${vendor.apiKey}`,
        'content-type': 'application/json',
        'external-id': chosen,
        'x-external-id': chosen,
      },
      body: JSON.stringify({ roleArn: arn }),
    });
    expect([200, 400]).toContain(answer.status);
    const sent = vendor.sandbox.requests.slice(before).map((request) => request.externalId);
    expect(sent).not.toContain(chosen);
    if (answer.status === 200) expect(sent).toContain(externalId);
  });
});

it('an external ID is long, random, unique to the connection, and never reused', async () => {
  const made = await Promise.all(
    Array.from({ length: 50 }, () => vendor.call('POST', '/v1/connections', { name: 'same' })),
  );
  const ids = made.map(({ body }) => body.externalId as string);
  expect(new Set(ids).size).toBe(50);
  for (const [index, externalId] of ids.entries()) {
    expect(externalId.length).toBeGreaterThanOrEqual(30);
    // It contains nothing that others know.
    expect(externalId).not.toContain(made[index]?.body.id.slice(4, 14));
    expect(externalId).not.toContain(vendor.organization.id.slice(4, 14));
  }
});

it('a role belongs to one connection of its organization, even for concurrent requests', async () => {
  const one = await pending();
  const other = await pending();
  const trust = structuredClone(one.trustPolicy);
  trust.Statement[0].Condition.StringEquals['sts:ExternalId'] = [one.externalId, other.externalId];
  vendor.sandbox.updateTrustPolicy(one.arn, trust);
  const answers = await Promise.all([give(one.id, one.arn), give(other.id, one.arn)]);
  expect(answers.map(({ status }) => status).sort()).toEqual([200, 409]);
  expect(answers.find(({ status }) => status === 409)?.body.code).toBe('role_already_connected');
  const statuses = [(await show(one.id)).status, (await show(other.id)).status];
  expect(statuses.filter((status) => status === 'connected')).toHaveLength(1);
});

describe('a late result is dropped when the connection, during the check,', () => {
  const slowly = () =>
    vendor.sandbox.faults.set({ kind: 'delay', delayMs: 300, action: 'AssumeRole', times: 1 });
  const nextRequest = async () => {
    const first = vendor.sandbox.requests.length;
    while (vendor.sandbox.requests.length === first) await new Promise((resolve) => setTimeout(resolve, 5));
  };

  it('gets another role', async () => {
    const { id, arn, accountId, trustPolicy } = await pending();
    const second = vendor.sandbox.createRole(accountId, { roleName: 'second', trustPolicy });
    slowly();
    const started = nextRequest();
    const late = give(id, arn);
    await started;
    expect((await give(id, second.arn)).status).toBe(200);
    const dropped = await late;
    expect([dropped.status, dropped.body.code]).toEqual([409, 'connection_changed']);
    expect((await show(id)).roleArn).toBe(second.arn);
  });

  it('gets other scopes', async () => {
    const { id, arn } = await pending();
    slowly();
    const started = nextRequest();
    const late = give(id, arn);
    await started;
    const scopes = [{ project: 'meanwhile' }];
    expect((await vendor.call('PUT', `/v1/connections/${id}/scopes`, { scopes })).status).toBe(200);
    expect((await late).body.code).toBe('connection_changed');
    expect(await show(id)).toMatchObject({ status: 'pending', scopes });
  });

  it('is deleted, also for a check by the callback', async () => {
    const { id, arn, callbackSecret } = await pending();
    slowly();
    const started = nextRequest();
    const message = callbackMessage(callbackSecret, provisioned(id, arn));
    const late = fetch(`${vendor.service.url}/v1/callbacks`, {
      method: 'POST',
      headers: message.headers,
      body: message.body as string,
    });
    await started;
    await vendor.call('DELETE', `/v1/connections/${id}`);
    const answer = await late;
    expect(answer.status).not.toBe(200);
    expect((await vendor.call('GET', `/v1/connections/${id}`)).status).toBe(404);
  });
});

it('a customer who removes the trust is detected, gets no credentials, and loses nothing', async () => {
  const { id, arn, trustPolicy } = await pending();
  await give(id, arn);
  await vendor.call('PUT', `/v1/connections/${id}/scopes`, { scopes: [{ project: 'trust' }] });
  const target = { project: 'trust' };
  expect((await vendor.call('POST', '/v1/credentials', target)).status).toBe(200);
  const [statement] = trustPolicy.Statement;
  const withoutVendor = { ...trustPolicy, Statement: [{ ...statement, Principal: { AWS: '210987654321' } }] };
  vendor.sandbox.updateTrustPolicy(arn, withoutVendor);
  expect((await vendor.call('POST', `/v1/connections/${id}/verify`)).body.code).toBe('role_not_assumable');
  const refused = await vendor.call('POST', '/v1/credentials', target);
  expect([refused.status, refused.body.code]).toEqual([409, 'connection_not_healthy']);
  expect(await show(id)).toMatchObject({ status: 'failed', roleArn: arn, scopes: [target] });
  vendor.sandbox.updateTrustPolicy(arn, trustPolicy);
  expect((await vendor.call('POST', `/v1/connections/${id}/verify`)).body.status).toBe('connected');
  expect((await vendor.call('POST', '/v1/credentials', target)).status).toBe(200);
});
