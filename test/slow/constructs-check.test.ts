/** `npx @rolebridge/constructs check` and `pull`, from the packed tarball. */
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { SECRET } from '../constructs/callback-run.js';
import { flavours, installConstructs } from '../constructs/customer-project.js';
import { startVendor, type Vendor, type VendorAnswer } from '../constructs/vendor.js';
import { packed } from '../run/packed.js';

let folder: string;
let vendor: Vendor;
let answer: () => VendorAnswer;

beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'rolebridge-check-'));
  installConstructs(folder, await packed('constructs'), flavours[0].peers);
}, 120_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));
beforeEach(async () => {
  vendor = await startVendor(() => answer());
});
afterEach(() => vendor.close());

const run = (words: string[], environment: Record<string, string> = {}) =>
  new Promise<{ code: number; output: string }>((resolve) => {
    const program = path.join(folder, 'node_modules/@rolebridge/constructs/dist/init/main.js');
    const env = {
      PATH: '/nowhere',
      CONNECT_CALLBACK_SECRET: SECRET,
      CONNECT_CONNECTION_ID: 'con_8f3kQz',
      CONNECT_EXTERNAL_ID: 'an-external-id',
      CONNECT_CALLBACK_URL: vendor.url,
      ...environment,
    };
    execFile(process.execPath, [program, ...words], { cwd: folder, env }, (error, stdout, stderr) =>
      resolve({
        code: typeof error?.code === 'number' ? error.code : error ? 1 : 0,
        output: stdout + stderr,
      }),
    );
  });

describe('check', () => {
  test('prints the result of a deploy before it creates a role', async () => {
    answer = () => ({ status: 200, body: { checks: [{ name: 'external_id', outcome: 'passed' }] } });
    const { code, output } = await run(['check', '--account-id', '210987654321']);
    expect([code, output]).toEqual([0, expect.stringContaining('vendor: ready to connect')]);
    expect(JSON.parse(vendor.received[0]?.body ?? '').data).toEqual({
      connectionId: 'con_8f3kQz',
      accountId: '210987654321',
      externalId: 'an-external-id',
    });
  });

  test('takes what init wrote here, and says who the vendor is', async () => {
    answer = () => ({ status: 200, body: { checks: [{ name: 'external_id', outcome: 'passed' }] } });
    const file = path.join(folder, 'vendor-connection.ts');
    writeFileSync(
      file,
      `new AwsConnection(scope, 'vendor', {
    connectionId: "con_written",
    externalId: 'written-external-id',
    callbackUrl: ${JSON.stringify(vendor.url)},
    expectedAccountId: "210987654321",
    vendorName: "northwind",
});`,
    );
    const unset = { CONNECT_CONNECTION_ID: '', CONNECT_EXTERNAL_ID: '', CONNECT_CALLBACK_URL: '' };
    const { code, output } = await run(['check'], unset);
    expect([code, output]).toEqual([0, expect.stringContaining('northwind: ready to connect')]);
    expect(JSON.parse(vendor.received[0]?.body ?? '').data).toEqual({
      connectionId: 'con_written',
      accountId: '210987654321',
      externalId: 'written-external-id',
    });
    // Other messages come first.
    await run(['check', '--connection-id', 'con_said'], { ...unset, CONNECT_EXTERNAL_ID: 'said' });
    expect(JSON.parse(vendor.received[1]?.body ?? '').data).toMatchObject({
      connectionId: 'con_said',
      externalId: 'said',
    });
    rmSync(file);
  });

  test.each<[string, string[], Record<string, string>, RegExp]>([
    ['no account', ['check'], {}, /--account-id \(or AWS_ACCOUNT_ID\) must be an account id/],
    ['a wrong account', ['check'], { AWS_ACCOUNT_ID: '12' }, /it is "12"/],
    ['a wrong connection', ['check'], { CONNECT_CONNECTION_ID: 'x' }, /--connection-id .* it is "x"/],
    [
      'no secret',
      ['check', '--account-id', '210987654321'],
      { CONNECT_CALLBACK_SECRET: '' },
      /callback_secret_missing[\s\S]*in this shell/,
    ],
    ['a secret on the command line', ['check', '--callback-secret=x'], {}, /must not be on a command line/],
  ])('fails with the reason for %s', async (_name, words, environment, text) => {
    const { code, output } = await run(words, environment);
    expect([code, output]).toEqual([1, expect.stringMatching(text)]);
    expect(vendor.received).toEqual([]);
  });
});

describe('pull', () => {
  const set = { name: 'deploy', version: 3, title: 'Deploy', statements: [] };
  const file = () => path.join(folder, 'permissions/deploy@3.json');
  afterEach(() => rmSync(path.join(folder, 'permissions'), { recursive: true, force: true }));

  test('writes the file once, and never overwrites a different one', async () => {
    answer = () => ({ status: 200, body: set });
    expect(await run(['pull', 'deploy@3'])).toMatchObject({
      code: 0,
      output: expect.stringContaining('Written'),
    });
    expect(JSON.parse(readFileSync(file(), 'utf8'))).toEqual(set);
    expect(await run(['pull', 'deploy@3'])).toMatchObject({
      code: 0,
      output: expect.stringContaining('up to date'),
    });
    mkdirSync(path.dirname(file()), { recursive: true });
    writeFileSync(file(), '{}');
    expect(await run(['pull', 'deploy@3'])).toMatchObject({
      code: 1,
      output: expect.stringContaining('differs'),
    });
    expect(readFileSync(file(), 'utf8')).toBe('{}');
  });

  test.each<[string, string, VendorAnswer, RegExp]>([
    [
      'another set',
      'deploy@3',
      { status: 200, body: { ...set, version: 4 } },
      /has no permission set deploy@3/,
    ],
    ['none', 'deploy@3', { status: 404, body: {} }, /has no permission set deploy@3 \(HTTP 404\)/],
    ['a page', 'deploy@3', { status: 200, body: '<html>' }, /has no permission set/],
    ['no version', 'deploy', { status: 200 }, /NAME@VERSION/],
    ['a path', '../x@1', { status: 200 }, /NAME@VERSION/],
  ])('writes nothing for %s', async (_name, id, answered, text) => {
    answer = () => answered;
    expect(await run(['pull', id])).toEqual({ code: 1, output: expect.stringMatching(text) });
    expect(() => readFileSync(file())).toThrow();
  });
});
