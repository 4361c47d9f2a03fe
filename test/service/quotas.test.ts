import { startVendor, type Vendor } from '../vendor.js';

let vendor: Vendor;
beforeAll(async () => {
  vendor = await startVendor({
    quotas: { connections: 2, apiKeys: 3, signInLinks: 2, enrollments: 1 },
    metricsTokenHash: 'ab'.repeat(32),
  });
});
afterAll(() => vendor.close());

const kinds = [
  ['connections', '/v1/connections', { name: 'c' }, 2],
  // The organization's first key counts.
  ['API keys', '/v1/api-keys', { name: 'k' }, 2],
  ['sign-in links', '/v1/sign-in-links', {}, 2],
  ['enrollments', '/v1/enrollments', { name: 'e' }, 1],
] as const;

test.each(kinds)('an organization has as many %s as its quota says', async (_, path, body, quota) => {
  const made = [];
  for (let count = 0; count < quota; count++) {
    const answer = await vendor.call('POST', path, body);
    expect(answer.status).toBe(201);
    made.push(answer.body.id);
  }
  const refused = await vendor.call('POST', path, body);
  expect([refused.status, refused.body.code]).toEqual([409, 'quota_exceeded']);
  const other = (await vendor.service.createOrganization('other')).apiKey;
  expect((await vendor.call('POST', path, body, other)).status).toBe(201);
  // One that is given up makes room.
  if (path === '/v1/sign-in-links') return;
  expect((await vendor.call('DELETE', `${path}/${made[0]}`)).status).toBe(204);
  expect((await vendor.call('POST', path, body)).status).toBe(201);
});

test('keys are listed in pages', async () => {
  const all = (await vendor.call('GET', '/v1/api-keys')).body.apiKeys;
  const first = (await vendor.call('GET', '/v1/api-keys?limit=2')).body;
  const second = (await vendor.call('GET', `/v1/api-keys?limit=100&after=${first.next}`)).body;
  expect([...first.apiKeys, ...second.apiKeys].map(({ id }) => id)).toEqual(
    all.map(({ id }: { id: string }) => id),
  );
  expect(second.next).toBeUndefined();
});
