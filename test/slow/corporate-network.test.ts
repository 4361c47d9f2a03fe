/** Every command that asks the service, in a company's network: `check`, `pull`, `init`, and the CLI. */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { rolebridgeCommand } from '../command-line.js';
import { SECRET } from '../constructs/callback-run.js';
import { flavours, installConstructs } from '../constructs/customer-project.js';
import type { VendorAnswer } from '../constructs/vendor.js';
import { corporateNetwork, HOST } from '../corporate-network.js';
import { packed } from '../run/packed.js';

const network = corporateNetwork();
const CODE = `stp_${'a'.repeat(32)}`;
let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'rolebridge-commands-'));
  installConstructs(folder, await packed('constructs'), flavours[0].peers);
}, 120_000);
afterEach(network.stop);
afterAll(() => {
  network.remove();
  rmSync(folder, { recursive: true, force: true });
});

const values = {
  connectionId: 'con_8f3kQz',
  externalId: 'an-external-id',
  principal: 'arn:aws:iam::123456789012:role/vendor',
  callbackUrl: `https://${HOST}/v1/callbacks`,
};

/** The service, as far as these commands ask it. */
const ANSWERS: Record<string, object> = {
  '/v1/callbacks': { checks: [{ name: 'account', outcome: 'passed' }] },
  '/v1/permission-sets/deploy/3': { name: 'deploy', version: 3, title: 'Deploy', statements: [] },
  '/v1/setup-code': {
    ...values,
    name: 'shop',
    permissions: 'read-only',
    region: 'us-east-1',
    expiresAt: 'x',
  },
  '/v1/connections': { connections: [] },
};
const answer = ({ url = '' }: IncomingMessage): VendorAnswer => {
  const body = ANSWERS[url.replace(/\?.*/, '')];
  return body ? { status: 200, body } : { status: 404, body: { code: 'not_found', detail: url } };
};

const environment = (host: string) => ({
  CONNECT_CALLBACK_SECRET: SECRET,
  CONNECT_CONNECTION_ID: values.connectionId,
  CONNECT_EXTERNAL_ID: values.externalId,
  CONNECT_CALLBACK_URL: `https://${host}/v1/callbacks`,
  AWS_ACCOUNT_ID: '210987654321',
  ROLEBRIDGE_URL: `https://${host}`,
  ROLEBRIDGE_API_KEY: `rbk_${'a'.repeat(16)}_${'0'.repeat(64)}`,
  ROLEBRIDGE_OPERATOR_TOKEN: 'o'.repeat(40),
});

const constructs = () => path.join(folder, 'node_modules/@rolebridge/constructs/dist/init/main.js');
const COMMANDS: [string, (host: string) => string[], RegExp][] = [
  ['check', () => [constructs(), 'check'], /vendor: ready to connect/],
  ['pull', () => [constructs(), 'pull', 'deploy@3'], /deploy@3\.json/],
  [
    'init --setup',
    (host) => [constructs(), 'init', '--dry-run', '--setup', `https://${host}/#${CODE}`],
    /Set-up code of connection "shop"/,
  ],
  [
    'rolebridge connection list',
    () => [rolebridgeCommand[1], 'connection', 'list', '--json'],
    /"connections"|\[\]/,
  ],
];

const run = (words: string[], host: string, more: Record<string, string>) =>
  new Promise<{ code: number; output: string; tookMs: number }>((resolve) => {
    const started = Date.now();
    const env = { PATH: '/nowhere', ...environment(host), ...more };
    execFile(process.execPath, words, { cwd: folder, env, timeout: 60_000 }, (error, stdout, stderr) =>
      resolve({
        code: typeof error?.code === 'number' ? error.code : error ? 1 : 0,
        output: stdout + stderr,
        tookMs: Date.now() - started,
      }),
    );
  });

describe.each(COMMANDS)('%s', (_name, wordsFor, done) => {
  test('goes through HTTPS_PROXY, and trusts what NODE_EXTRA_CA_CERTS names', async () => {
    const { proxy, asked } = await network.start({ answer });
    const more = { ...network.trusted, HTTPS_PROXY: proxy };
    const { code, output } = await run(wordsFor(HOST), HOST, more);
    expect([output, code]).toEqual([expect.stringMatching(done), 0]);
    expect(asked).toEqual([`${HOST}:443`]);
  });

  test('takes a proxy without its scheme for an HTTP proxy', async () => {
    const { proxy, asked } = await network.start({ answer });
    const more = { ...network.trusted, HTTPS_PROXY: proxy.replace('http://', '') };
    expect(await run(wordsFor(HOST), HOST, more)).toMatchObject({ code: 0 });
    expect(asked).toHaveLength(1);
  });

  test('goes past it to what NO_PROXY names', async () => {
    const { asked, servicePort } = await network.start({ answer });
    // A name of this machine, so that there is an answer: its certificate is for another one, which ends at once.
    const host = `localhost:${servicePort}`;
    const more = { ...network.trusted, HTTPS_PROXY: 'http://127.0.0.1:1', NO_PROXY: 'localhost' };
    const { output } = await run(wordsFor(host), host, more);
    expect(output).toMatch(/ALTNAME_INVALID/);
    expect(asked).toEqual([]);
  });

  test('ends at once where the authority is unknown, and names the variable', async () => {
    const { proxy, asked } = await network.start({ answer });
    const { code, output } = await run(wordsFor(HOST), HOST, { HTTPS_PROXY: proxy });
    expect(code).not.toBe(0);
    expect(output).toMatch(/NODE_EXTRA_CA_CERTS/);
    expect(output).not.toMatch(/Trying again|where Terraform runs|\n\s+at /);
    expect(asked).toHaveLength(1);
  });

  test('asks again while the service says "not yet"', async () => {
    let before = 0;
    const { proxy } = await network.start({
      answer: (request) => {
        before += 1;
        return before > 1
          ? answer(request)
          : { status: 503, body: { code: 'x', detail: 'x' }, headers: { 'retry-after': '1' } };
      },
    });
    const more = { ...network.trusted, HTTPS_PROXY: proxy };
    expect(await run(wordsFor(HOST), HOST, more)).toMatchObject({ code: 0 });
    expect(before).toBe(2);
  });

  test.each(['http://[', 'socks5://127.0.0.1:1'])('names HTTPS_PROXY when it is %s', async (proxy) => {
    const { code, output } = await run(wordsFor(HOST), HOST, { HTTPS_PROXY: proxy });
    expect(code).not.toBe(0);
    expect(output).toMatch(/HTTPS_PROXY is not the URL of an HTTP proxy/);
    expect(output).not.toMatch(/\n\s+at |Trying again/);
  });

  test('says that the proxy asks for a password', async () => {
    const { proxy } = await network.start({ answer, respond: () => 407 });
    const { code, output } = await run(wordsFor(HOST), HOST, { HTTPS_PROXY: proxy });
    expect([code === 0, output]).toEqual([
      false,
      expect.stringMatching(/HTTPS_PROXY to\s+http:\/\/USER:PASSWORD@/),
    ]);
  });
});
