import { gzipSync } from 'node:zlib';
import { callApi, startVendor, type Vendor } from '../vendor.js';

let vendor: Vendor;
beforeAll(async () => {
  vendor = await startVendor();
});
afterAll(() => vendor.close());

describe('a request for credentials is rejected with', () => {
  const cases: [string, unknown][] = [
    ['a duration of 0', { durationSeconds: 0 }],
    ['a duration of 899', { durationSeconds: 899 }],
    ['a duration of 43201', { durationSeconds: 43_201 }],
    ['a duration of 900.5', { durationSeconds: 900.5 }],
    ['a negative duration', { durationSeconds: -3600 }],
    ['a duration in text', { durationSeconds: '3600' }],
    ['a duration that is null, as NaN is in JSON', { durationSeconds: Number.NaN }],
    ['a huge duration', { durationSeconds: 1e300 }],
    ['a session name with a space', { sessionName: 'a b' }],
    ['a session name with CRLF', { sessionName: 'ab\r\n' }],
    ['a session name of one character', { sessionName: 'a' }],
    ['an empty session name', { sessionName: '' }],
    ['a session name too long to put the organization before it', { sessionName: 'a'.repeat(36) }],
    ['a session name with a letter outside ASCII', { sessionName: 'josé' }],
    ['a session name that is no text', { sessionName: 12 }],
    ['51 tags', { tags: Object.fromEntries(Array.from({ length: 51 }, (_, n) => [`k${n}`, 'v'])) }],
    ['a tag key of 129 characters', { tags: { ['k'.repeat(129)]: 'v' } }],
    ['a tag value of 257 characters', { tags: { k: 'v'.repeat(257) } }],
    ['an empty tag key', { tags: { '': 'v' } }],
    ['a tag value with a quote', { tags: { k: '"' } }],
    ['a tag value that is no text', { tags: { k: 1 } }],
    ['a tag that is AWS’s', { tags: { 'aws:x': 'v' } }],
    ['a tag that is the service’s', { tags: { 'Rolebridge:organization': 'org_other' } }],
    ['tag keys that differ in letter case only', { tags: { Team: 'a', team: 'b' } }],
    ['tags in a list', { tags: ['team'] }],
    ['a session policy that is no JSON', { sessionPolicy: '{"Version"' }],
    ['a session policy that is a list', { sessionPolicy: '[]' }],
    ['a session policy that is a list, not in text', { sessionPolicy: [] }],
    ['a session policy that is JSON of a text', { sessionPolicy: '"*"' }],
    ['an empty session policy', { sessionPolicy: '' }],
    ['a session policy of 2049 characters', { sessionPolicy: JSON.stringify({ Id: 'x'.repeat(2049 - 9) }) }],
    ['an object that is too large a session policy', { sessionPolicy: { Id: 'x'.repeat(2048) } }],
    ['a session policy outside Latin-1', { sessionPolicy: { Id: '→' } }],
    ['an external ID', { externalId: 'mine' }],
    ['a role', { roleArn: 'arn:aws:iam::123456789012:role/x' }],
    ['a region', { region: 'us-east-1' }],
    ['an environment without its project', { environment: 'production' }],
    ['a project with a slash', { project: 'a/b' }],
    ['a list', []],
    ['a text', 'shop'],
  ];
  it.each(cases)('%s', async (_name, body) => {
    const before = vendor.sandbox.requests.length;
    const answer = await vendor.call('POST', '/v1/credentials', body);
    expect([answer.status, answer.body.code]).toEqual([400, 'request_invalid']);
    expect(answer.body.remedy).not.toBe('');
    expect(answer.body.detail).not.toBe('');
    expect(vendor.sandbox.requests).toHaveLength(before);
  });

  it.each<[string, number, string, Record<string, string>, string | Buffer]>([
    ['another type', 415, 'media_type_not_supported', { 'content-type': 'text/plain' }, '{}'],
    ['compressed', 415, 'media_type_not_supported', { 'content-encoding': 'gzip' }, gzipSync('{}')],
    ['too large', 413, 'body_too_large', {}, JSON.stringify({ sessionName: 'x'.repeat(3e6) })],
    ['empty', 400, 'request_invalid', {}, ''],
    ['not UTF-8', 400, 'request_invalid', {}, Buffer.from([0x7b, 0xff, 0x7d])],
    ['a key twice', 400, 'request_invalid', {}, '{"project":"a","project":"b"}'],
    ['__proto__', 400, 'request_invalid', {}, '{"tags":{"__proto__":"x"}}'],
  ])('a body: %s', async (_name, status, code, headers, body) => {
    const response = await fetch(`${vendor.service.url}/v1/credentials`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${vendor.apiKey}`,
        'content-type': 'application/json',
        ...headers,
      },
      body,
    });
    expect([response.status, ((await response.json()) as { code: string }).code]).toEqual([status, code]);
  });

  it('checks the key before it reads a body', async () => {
    const { status } = await callApi(vendor.service.url, 'rbk_no', 'POST', '/v1/credentials', { x: 1 });
    expect(status).toBe(401);
  });

  it('accepts only POST', async () => {
    expect((await vendor.call('GET', '/v1/credentials')).status).toBe(405);
  });
});
