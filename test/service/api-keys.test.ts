import { callApi, startVendor, type Vendor } from '../vendor.js';

let vendor: Vendor;

beforeEach(async () => {
  vendor = await startVendor();
});
afterEach(() => vendor.close());

const make = (name = 'runner') => vendor.call('POST', '/v1/api-keys', { name });
const listed = async () => (await vendor.call('GET', '/v1/api-keys')).body.apiKeys;

describe('API keys', () => {
  it('are shown once and open the organization', async () => {
    const made = await make();
    expect(made).toMatchObject({
      status: 201,
      body: { name: 'runner', apiKey: expect.stringMatching(/^rbk_/) },
    });
    expect((await callApi(vendor.service.url, made.body.apiKey, 'GET', '/v1/connections')).status).toBe(200);
    const { apiKey, ...shown } = made.body;
    expect((await listed()).at(-1)).toEqual(shown);
    expect(JSON.stringify(await listed())).not.toContain(apiKey.split('_')[2]);
  });

  it('open nothing once they are revoked, and stay in the list with the time', async () => {
    const { body } = await make();
    expect((await vendor.call('DELETE', `/v1/api-keys/${body.id}`)).status).toBe(204);
    const refused = await callApi(vendor.service.url, body.apiKey, 'GET', '/v1/connections');
    const unknown = await callApi(
      vendor.service.url,
      body.apiKey.replace(/.$/, 'x'),
      'GET',
      '/v1/connections',
    );
    expect(refused.status).toBe(401);
    expect(refused.body).toEqual(unknown.body);
    expect((await listed()).at(-1)).toMatchObject({ id: body.id, revokedAt: expect.any(String) });
    expect((await vendor.call('DELETE', `/v1/api-keys/${body.id}`)).status).toBe(204);
  });

  it('are not revoked with themselves, so that nobody is locked out', async () => {
    const { body } = await make();
    const answer = await callApi(vendor.service.url, body.apiKey, 'DELETE', `/v1/api-keys/${body.id}`);
    expect([answer.status, answer.body.code]).toEqual([409, 'api_key_in_use']);
  });

  it('of another organization are not found', async () => {
    const other = await vendor.service.createOrganization('other');
    const { body } = await callApi(vendor.service.url, other.apiKey, 'POST', '/v1/api-keys', {
      name: 'theirs',
    });
    for (const id of [body.id, 'key_aaaaaaaaaaaaaaaa', '__proto__', 'x']) {
      const answer = await vendor.call('DELETE', `/v1/api-keys/${id}`);
      expect([answer.status, answer.body.code]).toEqual([404, 'api_key_not_found']);
    }
    expect((await listed()).map((key: { name: string }) => key.name)).toEqual(['first key']);
  });

  it.each([{}, { name: '' }, { name: ' x' }, { name: 'x', id: 'key_x' }, { name: 'x\n' }])(
    'are not made from %j',
    async (body) => {
      const answer = await vendor.call('POST', '/v1/api-keys', body);
      expect([answer.status, answer.body.code]).toEqual([400, 'request_invalid']);
    },
  );
});
