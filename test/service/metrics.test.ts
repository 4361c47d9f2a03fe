/** The metrics for Prometheus, and their access. */
import { createHash } from 'node:crypto';
import { startVendor, type Vendor } from '../vendor.js';

const token = 'metrics-token-of-at-least-32-characters';
let vendor: Vendor;
beforeAll(async () => {
  vendor = await startVendor({
    propagationWindowMs: 300,
    metricsListener: { host: '127.0.0.1', port: 0 },
    metricsTokenHash: createHash('sha256').update(token).digest('hex'),
  });
});
afterAll(() => vendor.close());

/** The value of a series, 0 when there is none yet. */
async function value(series: string): Promise<number> {
  const text = await (await fetch(vendor.service.metricsUrl ?? '')).text();
  const line = text.split('\n').find((candidate) => candidate.startsWith(`${series} `));
  return Number(line?.split(' ')[1] ?? 0);
}

it('counts requests by route, verifications and STS calls by outcome, opened and cached credentials, and store calls', async () => {
  const { body: connection } = await vendor.call('POST', '/v1/connections', { name: 'shop', scope: {} });
  const { accountId } = vendor.sandbox.createAccount();
  const { arn } = vendor.sandbox.createRole(accountId, {
    roleName: 'r',
    trustPolicy: connection.trustPolicy,
  });
  await vendor.call('PUT', `/v1/connections/${connection.id}/role`, { roleArn: arn });
  for (let number = 0; number < 3; number++) await vendor.call('POST', '/v1/credentials', {});
  vendor.sandbox.deleteRole(arn);
  await vendor.call('POST', `/v1/connections/${connection.id}/verify`);
  vendor.sandbox.faults.set({ kind: 'throttle', times: 1 });
  await vendor.call('POST', `/v1/connections/${connection.id}/verify`);
  await vendor.call('GET', `/v1/connections/${connection.id}/no/such/path`);

  const requests = (route: string, method: string, status: number) =>
    value(
      `rolebridge_http_request_duration_seconds_count{route="${route}",method="${method}",status="${status}"}`,
    );
  expect(await requests('/v1/connections/:id/role', 'PUT', 200)).toBe(1);
  expect(await requests('/v1/connections/:id/verify', 'POST', 422)).toBe(1);
  expect(await requests('/v1/connections/:id/verify', 'POST', 503)).toBe(1);
  expect(await requests('none', 'GET', 404)).toBe(1);
  const verifications = (outcome: string, code = '') =>
    value(`rolebridge_verifications_total{outcome="${outcome}",code="${code}"}`);
  expect(await verifications('succeeded')).toBe(1);
  expect(await verifications('refused', 'role_not_assumable')).toBe(1);
  expect(await verifications('inconclusive', 'aws_unavailable')).toBe(1);
  // An alert on its increase sees the first one too.
  expect(await verifications('refused', 'external_id_not_required')).toBe(0);
  const credentials = (source: string) =>
    value(`rolebridge_credentials_total{source="${source}",outcome="succeeded",code=""}`);
  expect(await credentials('opened')).toBe(1);
  expect(await credentials('cached')).toBe(2);
  const sts = (outcome: string) =>
    value(`rolebridge_sts_duration_seconds_count{call="AssumeRole",outcome="${outcome}"}`);
  expect(await sts('throttled')).toBe(1);
  expect(await sts('allowed')).toBeGreaterThanOrEqual(2);
  expect(await value('rolebridge_store_duration_seconds_count{operation="commit"}')).toBeGreaterThanOrEqual(
    2,
  );
  expect(await value('rolebridge_sts_in_flight')).toBe(0);
  expect(await value('rolebridge_connections{status="failed"}')).toBe(1);
  expect(await value('rolebridge_connections{status="connected"}')).toBe(0);
});

it('has no label with an id, a name or a path', async () => {
  for (const path of ['/a', '/b', '/v1/connections/con_x', '/v1/%00', '/problems/x'])
    await vendor.call('GET', path);
  const text = await (await fetch(vendor.service.metricsUrl ?? '')).text();
  const routes = new Set([...text.matchAll(/route="([^"]*)"/g)].map(([, route]) => route));
  for (const route of routes) expect(route).toMatch(/^(none|(\/(:?[a-z-]+|v1))+)$/);
  expect(text).not.toMatch(/con_|org_|rbk_|shop|acme/);
});

it('is served beside the API to its token only, and on a separate port alone', async () => {
  const ask = async (authorization?: string) =>
    (await fetch(`${vendor.service.url}/metrics`, { headers: authorization ? { authorization } : {} }))
      .status;
  expect(await ask(`Bearer ${token}`)).toBe(200);
  for (const wrong of [undefined, `Bearer ${token}0`, `Bearer ${vendor.apiKey}`, 'Bearer '])
    expect(await ask(wrong)).toBe(401);
  const { origin } = new URL(vendor.service.metricsUrl ?? '');
  for (const path of ['/', '/v1/connections', '/healthz', '/metrics/x'])
    expect((await fetch(origin + path)).status).toBe(404);
  expect((await fetch(`${origin}/metrics`, { method: 'POST' })).status).toBe(404);
});

it('is not served by default', async () => {
  const plain = await startVendor();
  expect(plain.service.metricsUrl).toBeUndefined();
  expect((await fetch(`${plain.service.url}/metrics`)).status).toBe(404);
  await plain.close();
});

it('shows the age of the oldest check and the growth of the audit log', async () => {
  const written = await value('rolebridge_audit_records_total');
  await vendor.call('POST', '/v1/connections', { name: 'another' });
  expect(await value('rolebridge_audit_records_total')).toBeGreaterThan(written);
  expect(await value('rolebridge_oldest_check_age_seconds')).toBeLessThan(120);
});
