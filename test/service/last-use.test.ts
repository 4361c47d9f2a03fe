import { runCommandLine } from '../command-line.js';
import { until } from '../passing-clock.js';
import { startVendorWithCustomers, type VendorWithCustomers } from '../vendor-with-customers.js';

let vendor: VendorWithCustomers;
beforeAll(async () => {
  vendor = await startVendorWithCustomers();
});
afterAll(() => vendor.close());

it('shows when credentials were last issued with a connection, within an hour', async () => {
  const { ask, call, connection, apiKey } = await vendor.connected();
  const path = `/v1/connections/${connection.id}`;
  const shown = async () => (await call('GET', path)).body;
  const before = await shown();
  expect(before.lastUsedAt).toBeUndefined();

  const first = new Date(vendor.now()).toISOString();
  expect((await ask()).status).toBe(200);
  await until(async () => (await shown()).lastUsedAt === first, 'the first use');
  // A use is no change: nothing else of the connection is another.
  expect(await shown()).toEqual({ ...before, lastUsedAt: first });

  vendor.pass(3_599_000);
  expect((await ask()).status).toBe(200);
  vendor.pass(1_000);
  const second = new Date(vendor.now()).toISOString();
  expect((await ask()).status).toBe(200);
  await until(async () => (await shown()).lastUsedAt !== first, 'the use an hour later');
  expect((await shown()).lastUsedAt).toBe(second);

  const env = { ROLEBRIDGE_URL: vendor.service.url, ROLEBRIDGE_API_KEY: apiKey };
  const { stdout } = await runCommandLine(['connection', 'show', connection.id], { env });
  expect(stdout).toMatch(new RegExp(`last used +${second}`));

  const renamed = await call('PATCH', path, { name: 'renamed' });
  expect(renamed.body).toMatchObject({ name: 'renamed', lastUsedAt: second });
});

it('is absent for a connection that never issued credentials', async () => {
  const { ask, call, connection } = await vendor.connected({ scope: { project: 'shop' } });
  expect((await ask({ project: 'blog' })).body.code).toBe('no_connection_for_target');
  const { body } = await call('GET', `/v1/connections/${connection.id}`);
  expect(body.lastUsedAt).toBeUndefined();
});
