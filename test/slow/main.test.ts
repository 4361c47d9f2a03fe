/** The service as an operator runs it: a process, its settings, signals and output. */
import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openFileStore } from '../../service/index.js';
import { anAuditRecord, anOrganization } from '../contract/records.js';
import { serviceProgram } from '../run/service-program.mjs';
import { callApi } from '../vendor.js';

const serviceKey = randomBytes(32).toString('base64');
const operatorToken = randomBytes(32).toString('hex');

const startCommand = [serviceProgram];

let folder: string;
let dataDirectory: string;
let started: Started[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'rolebridge-main-'));
  dataDirectory = join(folder, 'data');
  started = [];
});
afterEach(async () => {
  for (const { child, ended } of started) {
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM');
    await ended;
  }
  rmSync(folder, { recursive: true, force: true });
});

test('npm start runs node directly: the tsx command would kill a busy service at SIGTERM', () => {
  const { scripts } = JSON.parse(readFileSync('package.json', 'utf8'));
  const command = 'node --import tsx service/main.ts';
  expect([scripts.start, scripts.rolebridge]).toEqual([command, command]);
});

test('a closed output pipe ends a command silently', async () => {
  const child = spawn(process.execPath, [...startCommand, 'help'], { stdio: ['ignore', 'pipe', 'pipe'] });
  child.stdout.destroy();
  let stderr = '';
  child.stderr.on('data', (chunk) => {
    stderr += chunk;
  });
  await once(child, 'close');
  expect(stderr).toBe('');
});

describe('all wrong settings are named in one message, and nothing is written', () => {
  test('nothing is set', async () => {
    const { code, stderr, stdout } = await end(run(['serve'], {}, {}));
    expect(code).toBe(2);
    expect(lines(stderr)).toEqual([
      'rolebridge: The configuration is not valid:',
      expect.stringMatching(/^ {2}ROLEBRIDGE_PRINCIPAL: is missing: /),
      expect.stringMatching(/^ {2}ROLEBRIDGE_SERVICE_KEYS: is missing: /),
    ]);
    expect(stdout).toBe('');
  });

  test("everything is wrong, without a secret's value", async () => {
    const wrong = {
      ROLEBRIDGE_PRINCIPAL: 'arn:aws:iam::1234:role/vendor',
      ROLEBRIDGE_SERVICE_KEYS: 'k1:c2hvcnQtc2VjcmV0',
      ROLEBRIDGE_PORT: '80x',
      ROLEBRIDGE_PUBLIC_URL: 'ftp://vendor.example',
      ROLEBRIDGE_STS_REGION: 'nowhere',
      ROLEBRIDGE_STS_ENDPOINT: 'sts',
      ROLEBRIDGE_STS_TIMEOUT_SECONDS: '0',
      ROLEBRIDGE_PROPAGATION_WINDOW_SECONDS: '-1',
      ROLEBRIDGE_CALLBACK_TOLERANCE_SECONDS: '1e3',
      ROLEBRIDGE_OPERATOR_TOKEN: 'short-operator-secret',
      ROLEBRIDGE_DENIED_ACCOUNT_IDS: '123456789012,1',
      ROLEBRIDGE_LOG_LEVEL: 'loud',
      ROLEBRIDGE_RATE_LIMITS: 'key=10,nothing=5',
      ROLEBRIDGE_TRUSTED_PROXIES: 'all',
      ROLEBRIDGE_STS_CALLS_AT_ONCE: '0',
      ROLEBRIDGE_METRICS_PORT: '70000',
      ROLEBRIDGE_METRICS_TOKEN: 'short-metrics-secret',
      OTEL_EXPORTER_OTLP_ENDPOINT: 'collector',
    };
    for (const command of [['serve'], ['org', 'create', 'acme']]) {
      const { code, stderr } = await end(run(command, wrong));
      expect(code).toBe(2);
      expect(
        lines(stderr)
          .slice(1)
          .map((line) => /^ {2}(\w+): \S/.exec(line)?.[1])
          .sort(),
      ).toEqual(Object.keys(wrong).sort());
      expect(stderr).not.toMatch(/c2hvcnQ|short-operator|short-metrics|node_modules|\n {4}at /);
    }
    expect(existsSync(dataDirectory)).toBe(false);
  });

  test('two principals are in one partition', async () => {
    const arns = ['one', 'two'].map((name) => `arn:aws:iam::111122223333:role/${name}`);
    const { code, stderr } = await end(run(['serve'], { ROLEBRIDGE_PRINCIPAL: arns.join() }));
    expect(code).toBe(2);
    expect(lines(stderr).slice(1)).toEqual([
      '  ROLEBRIDGE_PRINCIPAL: names two principals in one partition; a partition has one',
    ]);
  });

  test('the command is unknown', async () => {
    const { code, stderr } = await end(run(['org', 'remove']));
    expect(code).not.toBe(0);
    expect(stderr).toMatch(/Unknown command 'remove'[\s\S]*"rolebridge org --help"/);
    expect(existsSync(dataDirectory)).toBe(false);
  });
});

test('a service that can’t take commands beside it ends instead of running without them', async () => {
  // A folder with a file in the place of the socket.
  mkdirSync(join(dataDirectory, '.control'), { recursive: true });
  writeFileSync(join(dataDirectory, '.control', 'file'), '');
  const { code, stderr } = await end(run(['serve']));
  expect([code, stderr]).toEqual([1, expect.stringContaining('EADDRINUSE')]);
});

test('a key from the command line works; SIGTERM under load loses no acknowledged change', async () => {
  const made = await end(run(['org', 'create', 'acme']));
  expect(made).toMatchObject({ code: 0, stderr: '' });
  const apiKey = /rbk_\w+/.exec(made.stdout)?.[0] ?? '';
  expect(made.stdout.split(apiKey)).toHaveLength(2);

  const first = run(['serve'], { ROLEBRIDGE_LOG_LEVEL: 'trace' });
  const url = await first.listening;
  const acknowledged: string[] = [];
  const secrets: string[] = [apiKey, serviceKey];
  let refused = 0;
  const load = Array.from({ length: 16 }, async (_, client) => {
    for (let number = 0; ; number++) {
      const answer = await callApi(url, apiKey, 'POST', '/v1/connections', {
        name: `${client}-${number}`,
      }).catch(() => undefined);
      if (answer === undefined) return;
      if (answer.status !== 201) refused++;
      else {
        acknowledged.push(answer.body.id);
        secrets.push(answer.body.callbackSecret);
      }
    }
  });
  await until(() => acknowledged.length >= 200);
  const told = Date.now();
  first.child.kill('SIGTERM');
  const stopped = await end(first);
  // The clients reuse their connections, and continue while they get answers.
  expect(Date.now() - told).toBeLessThan(5_000);
  expect(stopped.code).toBe(0);
  await Promise.all(load);
  expect(refused).toBe(0);

  const second = run(['serve']);
  const again = await second.listening;
  const known = new Set<string>();
  for (let after = ''; ; ) {
    const { body } = await callApi(again, apiKey, 'GET', `/v1/connections?limit=100${after}`);
    for (const { id } of body.connections) known.add(id);
    if (body.next === undefined) break;
    after = `&after=${body.next}`;
  }
  expect(acknowledged.filter((id) => !known.has(id))).toEqual([]);
  second.child.kill('SIGTERM');
  const { code, stdout } = await end(second);
  expect(code).toBe(0);
  const shown = stopped.stdout + stopped.stderr + stdout;
  expect(shown).toContain('listening');
  for (const secret of secrets) expect(shown).not.toContain(secret.replace('whsec_', ''));
}, 60_000);

test('a data directory has one process at a time', async () => {
  const first = run(['serve']);
  const url = await first.listening;
  const before = readdirSync(dataDirectory).sort();
  const { code, stdout, stderr } = await end(run(['serve']));
  expect(code).toBe(3);
  expect(stderr).toContain(dataDirectory);
  expect(stderr).toMatch(/is in use by process \d+/);
  expect(stderr).not.toMatch(/\n {4}at /);
  expect(stdout).toBe('');
  expect(readdirSync(dataDirectory).sort()).toEqual(before);
  // The running service creates it, without a token or a URL.
  const created = await end(run(['org', 'create', 'beside']));
  expect(created).toMatchObject({ code: 0, stderr: '' });
  const apiKey = /rbk_\w+/.exec(created.stdout)?.[0] ?? '';
  expect((await callApi(url, apiKey, 'GET', '/v1/connections')).status).toBe(200);
  expect((await fetch(`${url}/readyz`)).status).toBe(200);
}, 60_000);

test('a port in use is rejected with a clear message, and the data directory is released', async () => {
  const taken = createServer();
  const port = await new Promise<number>((resolve) => {
    taken.listen(0, '127.0.0.1', () => resolve((taken.address() as { port: number }).port));
  });
  const refused = await end(run(['serve'], { ROLEBRIDGE_PORT: String(port) }));
  taken.close();
  expect(refused.code).toBe(2);
  expect(refused.stderr).toContain(`127.0.0.1:${port}`);
  expect(refused.stderr).not.toMatch(/\n {4}at /);
  await run(['serve']).listening;
});

test('damaged check values of the service keys are named with the fix', async () => {
  const service = run(['serve']);
  await service.listening;
  service.child.kill('SIGTERM');
  await service.ended;
  const file = join(dataDirectory, 'service-key-checks.json');
  writeFileSync(file, 'x');
  const refused = await end(run(['serve']));
  expect(refused.code).not.toBe(0);
  expect(refused.stderr).toContain(`${file} can't be used: it does not have the form`);
  expect(refused.stderr).toContain('Restore it from a backup');
  expect(refused.stderr).not.toMatch(/\n {4}at /);
});

test('the operator’s token creates organizations in the running service', async () => {
  const service = run(['serve'], { ROLEBRIDGE_OPERATOR_TOKEN: operatorToken });
  const url = await service.listening;
  const made = await callApi(url, operatorToken, 'POST', '/v1/organizations', { name: 'acme' });
  expect(made.status).toBe(201);
  expect(made.body).toMatchObject({ name: 'acme', apiKey: expect.stringMatching(/^rbk_/) });
  const list = await callApi(url, made.body.apiKey, 'GET', '/v1/connections');
  expect([list.status, list.body]).toEqual([200, { connections: [] }]);
  const wrong = await callApi(url, `${operatorToken}0`, 'POST', '/v1/organizations', { name: 'x' });
  expect([wrong.status, wrong.body.code]).toEqual([401, 'unauthorized']);
  const asKey = await callApi(url, operatorToken, 'GET', '/v1/connections');
  // An operator names the organization.
  expect([asKey.status, asKey.body.code]).toEqual([400, 'request_invalid']);

  service.child.kill('SIGINT');
  const { code, stdout, stderr } = await end(service);
  expect(code).toBe(0);
  for (const secret of [operatorToken, serviceKey, made.body.apiKey])
    expect(stdout + stderr).not.toContain(secret);
});

test('a repair at start is logged with the file', async () => {
  const keys = [{ id: 'k1', key: Buffer.from(serviceKey, 'base64') }];
  const store = await openFileStore({ directory: dataDirectory, keys });
  const organization = anOrganization();
  await store.createOrganization(organization);
  await store.appendAudit([anAuditRecord(organization.id)]);
  await store.close();
  const log = join(dataDirectory, 'audit', readdirSync(join(dataDirectory, 'audit'))[0] ?? '');
  appendFileSync(log, '{"kind":"conn');
  const service = run(['serve']);
  await service.listening;
  service.child.kill('SIGTERM');
  const { code, stdout, stderr } = await end(service);
  expect(code).toBe(0);
  // Node's own warnings are no place for it.
  expect(stderr).not.toContain('cut off');
  const [warning] = lines(stdout)
    .map((line) => JSON.parse(line))
    .filter(({ level }) => level === 'warn');
  expect(warning).toMatchObject({
    file: log,
    msg: expect.stringMatching(/^The last 13 bytes of .* were cut off/),
  });
  expect(warning.file).toContain(organization.id);
});

interface Started {
  child: ChildProcess;
  ended: Promise<{ code: number | null; stdout: string; stderr: string }>;
  /** The URL, once it is in the log. */
  listening: Promise<string>;
}

/** Starts `rolebridge` with these settings on top of the two required ones. */
function run(
  command: string[],
  settings: Record<string, string> = {},
  required: Record<string, string> = {
    ROLEBRIDGE_PRINCIPAL: 'arn:aws:iam::111122223333:role/rolebridge',
    ROLEBRIDGE_SERVICE_KEYS: `k1:${serviceKey}`,
  },
): Started {
  const child = spawn(process.execPath, [...startCommand, ...command], {
    env: {
      PATH: process.env.PATH,
      ROLEBRIDGE_DATA_DIR: dataDirectory,
      ROLEBRIDGE_PORT: '0',
      AWS_EC2_METADATA_DISABLED: 'true',
      ...required,
      ...settings,
    } as Partial<NodeJS.ProcessEnv> as NodeJS.ProcessEnv,
  });
  let stdout = '';
  let stderr = '';
  child.stderr.on('data', (chunk) => {
    stderr += chunk;
  });
  const ended = new Promise<Awaited<Started['ended']>>((resolve) => {
    child.once('close', (code) => resolve({ code, stdout, stderr }));
  });
  const listening = new Promise<string>((resolve, reject) => {
    child.stdout.on('data', (chunk) => {
      stdout += chunk;
      const url = /"url":"([^"]+)".*"msg":"listening"/.exec(stdout)?.[1];
      if (url) resolve(url);
    });
    ended.then((result) => reject(new Error(`It ended instead of listening: ${JSON.stringify(result)}`)));
  });
  listening.catch(() => undefined);
  const process_ = { child, ended, listening };
  started.push(process_);
  return process_;
}

const end = ({ ended }: Started) => ended;

const lines = (text: string) => text.trimEnd().split('\n');

async function until(isTrue: () => boolean): Promise<void> {
  const deadline = Date.now() + 20_000;
  while (!isTrue()) {
    if (Date.now() > deadline) throw new Error('It did not come true within 20 seconds.');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
