import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { runCommandLine } from '../command-line.js';
import { startVendorWithCustomers, type VendorWithCustomers } from '../vendor-with-customers.js';

let vendor: VendorWithCustomers;

beforeEach(async () => {
  vendor = await startVendorWithCustomers();
});
afterEach(() => vendor.close());

const WEEK_MS = 7 * 24 * 3_600_000;

async function withCode() {
  const connection = (
    await vendor.call('POST', '/v1/connections', {
      name: 'shop',
      scope: { project: 'shop' },
      expectedAccountId: '210987654321',
    })
  ).body;
  const path = `/v1/connections/${connection.id}/setup-code`;
  const created = await vendor.call('POST', path);
  return { connection, path, created };
}

const read = (code: string) => vendor.call('GET', '/v1/setup-code', undefined, code);

describe('a set-up code', () => {
  it('returns the values of the connection without a secret', async () => {
    const { connection, created } = await withCode();
    expect(created.status).toBe(201);
    expect(created.body.link).toBe(`${vendor.service.url}/#${created.body.code}`);
    expect(created.body.command).toBe(`npx @rolebridge/constructs init --setup ${created.body.link}`);
    const { status, body } = await read(created.body.code);
    expect([status, body]).toEqual([
      200,
      {
        name: 'shop',
        connectionId: connection.id,
        externalId: connection.externalId,
        principal: connection.principal,
        callbackUrl: connection.callbackUrl,
        expectedAccountId: '210987654321',
        scope: { project: 'shop' },
        permissions: 'read-only',
        region: 'us-east-1',
        expiresAt: created.body.expiresAt,
      },
    ]);
    for (const secret of [connection.callbackSecret, connection.statusToken])
      expect(JSON.stringify(body)).not.toContain(secret);
  });

  it('reads nothing else and changes nothing', async () => {
    const { connection, path, created } = await withCode();
    for (const [method, other] of [
      ['GET', `/v1/connections/${connection.id}`],
      ['GET', `/v1/connections/${connection.id}/status`],
      ['POST', path],
      ['DELETE', path],
    ] as const)
      expect((await vendor.call(method, other, undefined, created.body.code)).status).toBe(401);
  });

  it('expires after 7 days, when revoked, when replaced and when the connection is deleted', async () => {
    const { connection, path, created } = await withCode();
    const second = (await vendor.call('POST', path)).body;
    expect((await read(created.body.code)).status).toBe(401);
    expect((await read(second.code)).status).toBe(200);
    expect((await vendor.call('DELETE', path)).status).toBe(204);
    expect((await read(second.code)).status).toBe(401);

    const third = (await vendor.call('POST', path)).body;
    vendor.pass(WEEK_MS - 1_000);
    expect((await read(third.code)).status).toBe(200);
    vendor.pass(2_000);
    expect((await read(third.code)).body.code).toBe('unauthorized');

    const fourth = (await vendor.call('POST', path)).body;
    expect((await vendor.call('DELETE', `/v1/connections/${connection.id}`)).status).toBe(204);
    expect((await read(fourth.code)).status).toBe(401);
  });

  it('is valid only as the newest of several that were created at once', async () => {
    const { path, created } = await withCode();
    const codes = await Promise.all(Array.from({ length: 4 }, () => vendor.call('POST', path)));
    const all = [created, ...codes].map(({ body }) => body.code);
    const statuses = await Promise.all(all.map(async (code) => (await read(code)).status));
    expect(statuses.filter((status) => status === 200)).toHaveLength(1);
    expect(statuses[0]).toBe(401);
  });

  it.each(['', 'stp_', `stp_${'A'.repeat(32)}`, `stp_${'%00'.repeat(40)}`, 'x'.repeat(10_000)])(
    'is rejected when it is %#',
    async (code) => {
      await withCode();
      expect((await read(code)).status).toBe(401);
    },
  );

  it('appears in no log or audit record, and is stored as a hash', async () => {
    const { created } = await withCode();
    await read(created.body.code);
    const audit = (await vendor.call('GET', '/v1/audit')).body;
    expect(JSON.stringify(audit)).toContain('setup_code.create');
    const files = readdirSync(vendor.directory, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map(({ parentPath, name }) => readFileSync(join(parentPath, name), 'utf8'));
    expect(files.join()).toContain('setup_code');
    for (const text of [JSON.stringify(audit), vendor.logs.join(''), ...files])
      expect(text).not.toContain(created.body.code);
  });

  it('can be created on the command line', async () => {
    const { connection } = await withCode();
    const env = { ROLEBRIDGE_URL: vendor.service.url, ROLEBRIDGE_API_KEY: vendor.apiKey };
    const made = await runCommandLine(['connection', 'setup-code', connection.id], { env });
    const code = /#(stp_\S+)/.exec(made.stdout)?.[1] ?? '';
    expect((await read(code)).status).toBe(200);
    await runCommandLine(['connection', 'setup-code', connection.id, '--revoke'], { env });
    expect((await read(code)).status).toBe(401);
  });
});
