import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type AwsSandbox, startAwsSandbox } from '../aws-sandbox/index.js';
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

/** The real process; its output ends at its first line of log, or with it. */
async function start(settings: Record<string, string>) {
  const child = spawn(process.execPath, ['--import', 'tsx', 'service/main.ts'], {
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
      resolve();
    });
  });
  child.stderr?.on('data', (data) => {
    output += data;
  });
  const exit = once(child, 'close').then(([code]) => code as number);
  await Promise.race([first, exit]);
  return { exit, output: () => output, url: /"url":"([^"]+)"/.exec(output)?.[1] ?? '' };
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

test('takes keys from a file, one a line', async () => {
  const { url } = await start({ ROLEBRIDGE_ENCRYPTION_KEYS_FILE: fileWith(`k2:${key()}\nk1:${key()}\n`) });
  expect((await connect(url)).body).toMatchObject({ method: 'access_key', status: 'connected' });
});

test('starts without a key, and says so when it is asked for one', async () => {
  const { url } = await start({});
  expect((await connect(url)).body.code).toBe('access_key_not_available');
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
    /ROLEBRIDGE_ENCRYPTION_KEYS: [\s\S]*ROLEBRIDGE_ACCESS_KEYS: must be "on" or "off"/,
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
])('does not start with %s, and repeats no key', async (_name, settings, message) => {
  const { exit, output } = await start(settings);
  expect(await exit).toBe(1);
  expect(output()).toMatch(message);
  expect(output()).not.toContain(aKey);
  expect(output()).not.toContain(shortKey);
});
