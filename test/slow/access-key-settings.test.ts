import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type AwsSandbox, startAwsSandbox } from '../aws-sandbox/index.js';
import { serviceProgram } from '../run/service-program.mjs';
import { callApi } from '../vendor.js';

let sandbox: AwsSandbox;
const children: ChildProcess[] = [];
beforeAll(async () => {
  sandbox = await startAwsSandbox();
});
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});
afterAll(() => sandbox.close());

const key = () => randomBytes(32).toString('base64');
const operatorToken = randomBytes(32).toString('hex');

/** The real process; its output ends when it listens, or with it. */
async function start(settings: Record<string, string>) {
  const child = spawn(process.execPath, [serviceProgram], {
    env: {
      PATH: process.env.PATH,
      ROLEBRIDGE_PRINCIPAL: 'arn:aws:iam::111122223333:user/rolebridge',
      ROLEBRIDGE_SERVICE_KEYS: `s1:${key()}`,
      ROLEBRIDGE_PORT: '0',
      ROLEBRIDGE_DATA_DIR: mkdtempSync(join(tmpdir(), 'rolebridge-data-')),
      ROLEBRIDGE_STS_ENDPOINT: sandbox.url,
      ROLEBRIDGE_OPERATOR_TOKEN: operatorToken,
      ...settings,
    },
  });
  children.push(child);
  let output = '';
  const first = new Promise<void>((resolve) => {
    child.stdout?.on('data', (data) => {
      output += data;
      if (output.includes('"msg":"listening"')) resolve();
    });
  });
  child.stderr?.on('data', (data) => {
    output += data;
  });
  const exit = once(child, 'close').then(([code]) => code as number);
  await Promise.race([first, exit]);
  return { exit, process: child, output: () => output, url: /"url":"([^"]+)"/.exec(output)?.[1] ?? '' };
}

const fileWith = (text: string) => {
  const path = join(mkdtempSync(join(tmpdir(), 'rolebridge-keys-')), 'keys');
  writeFileSync(path, text, { mode: 0o600 });
  return path;
};

async function connect(url: string) {
  const { body } = await callApi(url, operatorToken, 'POST', '/v1/organizations', { name: 'acme' });
  const { accessKeyId, secretAccessKey } = sandbox.createAccount().admin;
  return callApi(url, body.apiKey, 'POST', '/v1/connections', {
    name: 'key',
    method: 'access_key',
    accessKeyId,
    secretAccessKey,
  });
}

test('reads keys from a file, one per line', async () => {
  const { url } = await start({ ROLEBRIDGE_ENCRYPTION_KEYS_FILE: fileWith(`k2:${key()}\nk1:${key()}\n`) });
  expect((await connect(url)).body).toMatchObject({ method: 'access_key', status: 'connected' });
});

test('starts without a key, and reports it when one is needed', async () => {
  const { url } = await start({});
  expect((await connect(url)).body.code).toBe('access_key_not_available');
});

test('an encryption key is rotated in a running service: the file is read again, and one call re-encrypts', async () => {
  const [old, next] = [`k1:${key()}`, `k2:${key()}`];
  const path = fileWith(old);
  const { url, process: service, output } = await start({ ROLEBRIDGE_ENCRYPTION_KEYS_FILE: path });
  const { body: connection } = await connect(url);
  expect(connection.status).toBe('connected');
  const again = async (keys: string) => {
    writeFileSync(path, keys);
    const lines = () => output().split('encryption keys').length;
    const before = lines();
    service.kill('SIGHUP');
    while (lines() === before) await once(service.stdout as NonNullable<typeof service.stdout>, 'data');
  };
  const reencrypt = async () => (await callApi(url, operatorToken, 'POST', '/v1/reencrypt')).body.accessKeys;

  await again(`${next}\n${old}`);
  expect(await reencrypt()).toEqual({ keyId: 'k2', reencrypted: 1, unchanged: 0, failed: [] });
  await again('not keys');
  expect(await reencrypt()).toEqual({ keyId: 'k2', reencrypted: 0, unchanged: 1, failed: [] });
  await again(next);
  expect(await reencrypt()).toEqual({ keyId: 'k2', reencrypted: 0, unchanged: 1, failed: [] });
  expect((await callApi(url, 'x'.repeat(32), 'POST', '/v1/reencrypt')).status).toBe(401);
  for (const line of [old, next]) expect(output()).not.toContain(line.slice(3));
});

test('turns access keys off', async () => {
  const settings = { ROLEBRIDGE_ENCRYPTION_KEYS: `k1:${key()}`, ROLEBRIDGE_ACCESS_KEYS: 'off' };
  const { url } = await start(settings);
  expect((await connect(url)).body.code).toBe('access_key_turned_off');
});

const shortKey = randomBytes(31).toString('base64');
const aKey = key();
test.each<[string, Record<string, string>, RegExp]>([
  [
    'a short key',
    { ROLEBRIDGE_ENCRYPTION_KEYS: `k1:${shortKey}` },
    /ROLEBRIDGE_ENCRYPTION_KEYS: must be ID:/,
  ],
  [
    'an id twice, and a word that is neither on nor off',
    { ROLEBRIDGE_ENCRYPTION_KEYS: `k1:${aKey},k1:${key()}`, ROLEBRIDGE_ACCESS_KEYS: 'no' },
    /(?=[\s\S]*ROLEBRIDGE_ENCRYPTION_KEYS: )[\s\S]*ROLEBRIDGE_ACCESS_KEYS: must be "on" or "off"/,
  ],
  ['a key without an id', { ROLEBRIDGE_ENCRYPTION_KEYS: aKey }, /ROLEBRIDGE_ENCRYPTION_KEYS: must be/],
  [
    'a file that is not there',
    { ROLEBRIDGE_ENCRYPTION_KEYS_FILE: '/nowhere/keys' },
    /ROLEBRIDGE_ENCRYPTION_KEYS_FILE: can't be read: ENOENT/,
  ],
  [
    'keys and a file of keys',
    { ROLEBRIDGE_ENCRYPTION_KEYS: `k1:${aKey}`, ROLEBRIDGE_ENCRYPTION_KEYS_FILE: fileWith(`k1:${aKey}`) },
    /set one of them/,
  ],
])('does not start with %s, and prints no key', async (_name, settings, message) => {
  const { exit, output } = await start(settings);
  expect(await exit).toBe(2);
  expect(output()).toMatch(message);
  expect(output()).not.toContain(aKey);
  expect(output()).not.toContain(shortKey);
});
