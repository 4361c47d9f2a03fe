/**
 * As a new vendor would: an empty folder and the commands of the README and the quick start, word for word, with the
 * packages from a registry, against the AWS sandbox.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type AwsSandbox, startAwsSandbox } from '../aws-sandbox/index.js';
import { callbackMessage, provisioned } from '../callback-message.js';
import { until } from '../passing-clock.js';
import { runCommand } from './tools.js';
import { commandsOf, startRegistry } from './word-for-word.js';

let root: string;
let registry: Awaited<ReturnType<typeof startRegistry>>;
let sandbox: AwsSandbox;
let service: ChildProcess | undefined;

beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'rolebridge-new-vendor-'));
  registry = await startRegistry(root, ['service']);
  sandbox = await startAwsSandbox();
});
afterEach(() => {
  // The group: bash waits for the service.
  if (service?.pid !== undefined) process.kill(-service.pid, 'SIGTERM');
});
afterAll(async () => {
  await sandbox.close();
  registry.close();
  rmSync(root, { recursive: true, force: true });
});

const documents = [
  ['README.md', commandsOf('README.md', '## Run the service (vendor)')],
  [
    'docs/quick-start.md',
    ['start the service', 'create a connection', 'request credentials'].flatMap((step) =>
      commandsOf('docs/quick-start.md', `## Vendor: ${step}`),
    ),
  ],
] as const;

test.each(documents)(
  '%s, from an empty folder to credentials',
  async (document, [start, connect, use]) => {
    const folder = join(root, document.replace(/\W/g, '-'));
    mkdirSync(folder);
    const vendor = sandbox.createAccount();
    const customer = sandbox.createAccount();
    const key = sandbox.createAccessKey(vendor.accountId, 'rolebridge');
    const port = await freePort();
    const env = {
      PATH: process.env.PATH,
      HOME: folder,
      ...registry.env,
      // In the place of AWS, and of a port that is taken here.
      AWS_ACCESS_KEY_ID: key.accessKeyId,
      AWS_SECRET_ACCESS_KEY: key.secretAccessKey,
      AWS_EC2_METADATA_DISABLED: 'true',
      ROLEBRIDGE_STS_ENDPOINT: sandbox.url,
      ROLEBRIDGE_PORT: String(port),
    };
    const filledIn = (commands: string | undefined, values: Record<string, string> = {}) =>
      Object.entries({
        'arn:aws:iam::111122223333:role/rolebridge': `arn:aws:iam::${vendor.accountId}:user/rolebridge`,
        'http://localhost:8080': `http://127.0.0.1:${port}`,
        '222233334444': customer.accountId,
        ...values,
      }).reduce((text, [placeholder, value]) => text.replaceAll(placeholder, value), String(commands));

    let printed = '';
    service = spawn('bash', ['--norc', '-euc', filledIn(start)], { cwd: folder, env, detached: true });
    service.stdout?.on('data', (text) => {
      printed += text;
    });
    service.stderr?.on('data', (text) => {
      printed += text;
    });
    const isReady = () =>
      fetch(`http://127.0.0.1:${port}/readyz`).then(
        ({ ok }) => ok,
        () => false,
      );
    const ended = new Promise<string>((resolve) => service?.once('exit', () => resolve('ended')));
    const ready = await Promise.race([until(isReady, 'the service', 120_000).then(() => 'ready'), ended]);
    expect([ready, ready === 'ready' ? '' : printed]).toEqual(['ready', '']);
    const apiKey = /rbk_\w+/.exec(printed)?.[0] ?? '';

    const inSecondTerminal = (commands: string) =>
      runCommand('bash', ['--norc', '-euc', commands], { cwd: folder, env });
    const [login = '', create = '', ...others] = lines(filledIn(connect, { 'rbk_…': apiKey }), 3);
    const created = await inSecondTerminal(`${login}\n${create}`);
    expect([created.code, created.stderr]).toEqual([0, '']);
    const shown = (name: string) => new RegExp(`^${name} +(\\S+)$`, 'm').exec(created.stdout)?.[1] ?? '';
    for (const line of others) {
      const { code, stderr } = await inSecondTerminal(`${login}\n${line.replace('con_…', shown('id'))}`);
      expect([code, stderr]).toEqual([0, '']);
    }

    const { arn } = sandbox.createRole(customer.accountId, {
      roleName: 'rolebridge',
      trustPolicy: {
        Version: '2012-10-17',
        Statement: [
          {
            Effect: 'Allow',
            Principal: { AWS: shown('principal') },
            Action: 'sts:AssumeRole',
            Condition: { StringEquals: { 'sts:ExternalId': shown('external ID') } },
          },
        ],
      },
    });
    const message = callbackMessage(shown('callback secret'), provisioned(shown('id'), arn));
    const answer = await fetch(shown('callback URL'), { method: 'POST', ...message });
    expect([answer.status, await answer.json()]).toEqual([
      200,
      expect.objectContaining({ status: 'connected' }),
    ]);

    const credentials = await inSecondTerminal(`${login}\n${use}`);
    expect([credentials.code, credentials.stderr]).toEqual([0, '']);
    expect(JSON.parse(credentials.stdout)).toMatchObject({ Version: 1, AccessKeyId: expect.any(String) });
  },
  300_000,
);

/** The first lines of a block as one, then each other line. */
const lines = (block: string, first: number): string[] => {
  const all = block.trim().split('\n');
  return [all.slice(0, first - 1).join('\n'), ...all.slice(first - 1)];
};

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
