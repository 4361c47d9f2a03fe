/** One organization's verification can prove a fault of another's role. */

import { errorCatalog } from '../../service/domain/error-catalog/index.js';
import { until } from '../passing-clock.js';
import { startVendor, type Vendor } from '../vendor.js';
import { startWebhookReceiver } from '../webhook-receiver.js';

let vendor: Vendor;
beforeEach(async () => {
  vendor = await startVendor({ propagationWindowMs: 0 });
});
afterEach(() => vendor.close());

const trusting = (one: { trustPolicy: string | object }, ids: string[]) => {
  const policy =
    typeof one.trustPolicy === 'string' ? JSON.parse(one.trustPolicy) : structuredClone(one.trustPolicy);
  policy.Statement[0].Condition.StringEquals['sts:ExternalId'] = ids;
  return policy;
};

/** The external ID as above, and a statement that asks for none. */
const open = (one: { trustPolicy: string | object }, ids: string[]) => {
  const policy = trusting(one, ids);
  const { Condition: _, ...statement } = policy.Statement[0];
  return { ...policy, Statement: [policy.Statement[0], statement] };
};

async function twoOfOneRole() {
  const other = (await vendor.service.createOrganization('other')).apiKey;
  const first = (await vendor.call('POST', '/v1/connections', { name: 'first', scope: {} })).body;
  const second = (await vendor.call('POST', '/v1/connections', { name: 'second' }, other)).body;
  const { accountId } = vendor.sandbox.createAccount();
  const { arn } = vendor.sandbox.createRole(accountId, { roleName: 'r', trustPolicy: first.trustPolicy });
  const verify = async (which: 'first' | 'second') => {
    const [{ id }, key] = which === 'first' ? [first, vendor.apiKey] : [second, other];
    const answer = await vendor.call('PUT', `/v1/connections/${id}/role`, { roleArn: arn }, key);
    return answer.body.code ?? answer.body.status;
  };
  const trust = (...ids: string[]) => vendor.sandbox.updateTrustPolicy(arn, trusting(first, ids));
  const stateOfFirst = async () => (await vendor.call('GET', `/v1/connections/${first.id}`)).body;
  expect(await verify('first')).toBe('connected');
  return { first, second, arn, verify, trust, stateOfFirst, other };
}

it("fails a connection whose role accepts another connection's external ID, whatever the other's checks say", async () => {
  const { first, second, arn, verify, trust, stateOfFirst } = await twoOfOneRole();
  // Another check fails the second one, before the one for other connections is reached.
  vendor.sandbox.updateTrustPolicy(arn, open(first, [first.externalId, second.externalId]));
  expect(await verify('second')).toBe('external_id_not_required');
  trust(first.externalId, second.externalId);
  expect(await stateOfFirst()).toMatchObject({
    status: 'failed',
    verification: { code: 'external_id_not_enforced' },
  });
  expect((await vendor.call('POST', '/v1/credentials', {})).body.code).toBe('connection_not_healthy');
  const alarms = vendor.logs.filter(
    (line) => line.includes('external_id_not_enforced') && line.includes('security'),
  );
  for (const { id } of [first, second]) expect(alarms.some((line) => line.includes(id))).toBe(true);
  for (const line of alarms) expect(line).toContain(errorCatalog.external_id_not_enforced.title);
  // Still open to the other one: not healed by a check with its own external ID.
  trust(first.externalId, second.externalId);
  expect(await verify('first')).not.toBe('connected');
  trust(first.externalId);
  expect(await verify('first')).toBe('connected');
});

it('assigns the role to the other connection only after AWS denied it once', async () => {
  const { first, second, verify, trust, stateOfFirst } = await twoOfOneRole();
  trust(second.externalId);
  expect(await verify('second')).toBe('role_already_connected');
  expect((await stateOfFirst()).status).toBe('failed');
  await vendor.call('DELETE', `/v1/connections/${first.id}`);
  expect(await verify('second')).toBe('role_already_connected');
  trust(first.externalId);
  expect(await verify('second')).toBe('role_not_assumable');
  trust(second.externalId);
  expect(await verify('second')).toBe('connected');
});

it('notifies the vendor about both', async () => {
  const receiver = await startWebhookReceiver();
  await vendor.close();
  vendor = await startVendor({
    propagationWindowMs: 0,
    webhooks: { endpoints: [receiver.url], secrets: [receiver.secret], allowsPrivate: true },
  });
  const { first, second, verify, trust } = await twoOfOneRole();
  trust(second.externalId);
  await verify('second');
  const events = () =>
    receiver.received
      .filter(({ body }) => body.data.security)
      .map(({ body }) => `${body.type} ${body.data.connectionId}`);
  await until(() => events().length === 2);
  expect(events().sort()).toEqual(
    [`connection.failed ${first.id}`, `connection.role_shared ${second.id}`].sort(),
  );
  await receiver.close();
});
