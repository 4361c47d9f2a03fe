/** Every table of the store: the lines of an export that show it, and what an erase leaves. A new table without a row here fails. */
import type { OrganizationId } from '../../service/domain/ids.js';
import { newMessageId } from '../../service/domain/ids.js';
import { keysOf } from '../../service/domain/keys-of.js';
import type { RecordStore } from '../../service/records/record-store.js';
import { type TableName, tableNames, tables } from '../../service/records/tables.js';
import { callbackMessage, provisioned } from '../callback-message.js';
import { type OperatedVendor, startOperator } from '../operator.js';

const tableRows: Record<
  TableName,
  { readonly shownBy: readonly string[] | string; readonly leaves: string }
> = {
  organizations: { shownBy: ['organization'], leaves: 'its id and times' },
  apiKeys: { shownBy: ['api_key'], leaves: 'nothing' },
  connections: { shownBy: ['connection'], leaves: 'tombstones, to recognize a late callback' },
  reports: { shownBy: ['connection'], leaves: 'nothing' },
  retiredExternalIds: {
    shownBy: 'they are never issued again, and of no use to another service',
    leaves: 'the external IDs',
  },
  idempotency: { shownBy: 'answers to callbacks, for a day', leaves: 'nothing' },
  runningChecks: { shownBy: 'progress of a check, which the connection has when it ends', leaves: 'nothing' },
  projects: { shownBy: ['project'], leaves: 'nothing' },
  answeredRequests: { shownBy: 'answers to requests, for a day', leaves: 'nothing' },
  jobs: { shownBy: 'work of this service', leaves: 'confirmations that access has ended' },
  messages: {
    shownBy: 'copies of what endpoints have been sent, for seven days',
    leaves: 'those to the operator, until they are delivered',
  },
  // Web sessions and set-up codes are for their holders alone.
  tokens: { shownBy: ['sign_in_link', 'enrollment'], leaves: 'nothing' },
  webhookEndpoints: { shownBy: ['webhook_endpoint'], leaves: 'nothing' },
};

let vendor: OperatedVendor;
beforeEach(async () => {
  vendor = await startOperator({ webhooks: { allowsPrivate: true } });
});
afterEach(() => vendor.close());

const rowsOf = <Name extends TableName>(table: Name, organizationId: OrganizationId) =>
  (vendor.store as RecordStore).backend.list(table, {
    order: keysOf(tables[table].orders)[0] as never,
    organizationId,
    limit: 1_000,
  });

/** One row or more in each table. */
async function furnish(): Promise<{ id: string; roleArn: string }> {
  const { call, service, store, organization, sandbox } = vendor;
  await call('POST', '/v1/webhook-endpoints', { url: 'https://hooks.tenant.example/' });
  await call('PUT', '/v1/projects/shop', { name: 'Shop', environments: [] });
  await call('POST', '/v1/sign-in-links', { user: { name: 'Ada Lovelace' } });
  await call('POST', '/v1/enrollments', { name: 'accounts' });
  const { id, trustPolicy, callbackSecret } = (
    await call('POST', '/v1/connections', { name: "Ada's account", metadata: { contact: 'ada' } })
  ).body;
  const { arn: roleArn } = sandbox.createRole(sandbox.createAccount().accountId, {
    roleName: 'ada-lovelace',
    trustPolicy,
  });
  const message = callbackMessage(callbackSecret, provisioned(id, roleArn, {}));
  expect((await fetch(`${service.url}/v1/callbacks`, { method: 'POST', ...message })).status).toBe(200);
  await call('POST', `/v1/connections/${id}/rotate-external-id`, {});
  await call('DELETE', `/v1/connections/${id}/rotate-external-id`);
  await store.saveRunningCheck({
    connectionId: id,
    organizationId: organization.id,
    requestId: newMessageId(),
    roleArn,
    startedAt: new Date().toISOString(),
    state: 'running',
  });
  await fetch(`${service.url}/v1/api-keys`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${vendor.apiKey}`,
      'content-type': 'application/json',
      'idempotency-key': 'k',
    },
    body: JSON.stringify({ name: 'once' }),
  });
  return { id, roleArn };
}

test('every table is in an export or is named with the reason, and an erase leaves what is named', async () => {
  expect(Object.keys(tableRows).sort()).toEqual([...tableNames].sort());
  const { roleArn } = await furnish();
  const { id } = vendor.organization;
  const counts = await Promise.all(
    tableNames.map(async (name) => [name, (await rowsOf(name, id)).length > 0]),
  );
  expect(counts).toEqual(tableNames.map((name) => [name, true]));

  const kinds = new Set((await vendor.exported(id)).map(({ kind }) => kind));
  const shown = Object.values(tableRows).flatMap(({ shownBy }) => (Array.isArray(shownBy) ? shownBy : []));
  expect([...kinds].sort()).toEqual([...new Set([...shown, 'audit_record', 'end'])].sort());

  expect((await vendor.operate('DELETE', `/v1/organizations/${id}`)).status).toBe(204);
  for (const name of tableNames) {
    const left = JSON.stringify(await rowsOf(name, id));
    if (tableRows[name].leaves === 'nothing') expect([name, left]).toEqual([name, '[]']);
    // A job knows the role until access to it is denied, and a message says which connection was deleted.
    if (name !== 'jobs' && name !== 'messages')
      expect([name, left]).toEqual([name, expect.not.stringContaining(roleArn)]);
    expect([name, left]).toEqual([name, expect.not.stringMatching(/Ada|checkout|acme/)]);
  }
});
