/** Every command with every kind of secret: each is shown by the one command that is meant to, and by nothing else. */
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type CommandLineInput, runCommandLine } from '../command-line.js';
import { startVendor, type Vendor } from '../vendor.js';

const operatorToken = 'canary-operator-token-0123456789abcdef';

let vendor: Vendor;
let folder: string;
/** The output of each command. */
let shown: { words: string; text: string }[];

beforeEach(async () => {
  vendor = await startVendor({
    operatorTokenHash: createHash('sha256').update(operatorToken).digest('hex'),
    propagationWindowMs: 200,
  });
  folder = mkdtempSync(join(tmpdir(), 'rolebridge-cli-secrets-'));
  shown = [];
});
afterEach(async () => {
  await vendor.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Runs it for people and for scripts, so it creates twice, and returns the JSON. */
async function rolebridge(words: string, input: CommandLineInput = {}) {
  const env = {
    ROLEBRIDGE_URL: vendor.service.url,
    ROLEBRIDGE_API_KEY: vendor.apiKey,
    ROLEBRIDGE_OPERATOR_TOKEN: operatorToken,
    ...input.env,
  };
  const run = async (line: string) => {
    const { stdout, stderr } = await runCommandLine(line.split(' '), { ...input, env });
    shown.push({ words: line, text: stdout + stderr });
    return stdout;
  };
  await run(words);
  const text = await run(`${words} --json`);
  return text === '' ? {} : JSON.parse(text);
}

/** Which commands have shown a secret, in any form that could be read back. */
const showing = (secret: string) =>
  shown
    .filter(({ text }) =>
      [secret, encodeURIComponent(secret), Buffer.from(secret).toString('base64').replace(/=+$/, '')].some(
        (form) => text.includes(form),
      ),
    )
    .map(({ words }) => words);

test('only commands that create a secret show it', async () => {
  const { sandbox } = vendor;
  const { accountId } = sandbox.createAccount();
  const first = sandbox.createAccessKey(accountId, 'first');
  const second = sandbox.createAccessKey(accountId, 'second');
  const pipe = ({ accessKeyId, secretAccessKey }: typeof first) => ({
    stdin: JSON.stringify({ AccessKeyId: accessKeyId, SecretAccessKey: secretAccessKey }),
  });

  const made = await rolebridge('connection create role');
  sandbox.createRole(accountId, { roleName: 'rolebridge', trustPolicy: made.trustPolicy });
  await rolebridge(`connection role ${made.id} arn:aws:iam::${accountId}:role/rolebridge`);
  await rolebridge(`scope set ${made.id} shop`);
  const rotated = await rolebridge(`connection rotate-callback-secret ${made.id}`);
  const held = await rolebridge('connection create key --access-key', pipe(first));
  await rolebridge(`connection rotate-key ${held.id}`, pipe(second));
  const wrong = {
    accessKeyId: first.accessKeyId,
    secretAccessKey: 'canaryWrongSecretcanaryWrongSecret012345',
  };
  await rolebridge(`connection rotate-key ${held.id}`, pipe(wrong));
  await rolebridge(`connection rotate-key ${held.id} --access-key-id ${first.accessKeyId}`, {
    stdin: `${second.secretAccessKey}\n`,
  });
  const move = await rolebridge(`connection migrate-to-role ${held.id}`);
  const key = await rolebridge('api-keys create runner');
  const link = await rolebridge('sign-in-links create');
  const organization = await rolebridge(`org create other --url ${vendor.service.url}`);
  const credentials = await rolebridge('credentials --project shop');
  writeFileSync(join(folder, 'key'), `${key.apiKey}\n`, { mode: 0o600 });
  for (const words of [
    'connection list',
    `connection show ${made.id}`,
    `connection show ${held.id}`,
    `connection verify ${held.id}`,
    `scope set ${held.id} archive`,
    'resolve --project shop',
    'credentials --project nobodys',
    `exec --project shop -- ${process.execPath} -e 0 --`,
    `api-keys list --api-key-file ${folder}/key`,
    `api-keys revoke ${key.id} --api-key-file ${folder}/key`,
    `connection show con_x --url https://me:${key.apiKey}@vendor.example`,
    `api-keys list --url http://127.0.0.1:9`,
    `reencrypt --url ${vendor.service.url}`,
    'audit --limit 1000',
    `connection delete ${held.id}`,
  ])
    await rolebridge(words);

  const meant: [string, string[]][] = [
    [made.callbackSecret, ['connection create role --json']],
    [made.statusToken, ['connection create role --json']],
    [rotated.callbackSecret, [`connection rotate-callback-secret ${made.id} --json`]],
    [move.callbackSecret, [`connection migrate-to-role ${held.id} --json`]],
    [key.apiKey, ['api-keys create runner --json']],
    [organization.apiKey, [`org create other --url ${vendor.service.url} --json`]],
    [new URL(link.url).searchParams.get('token') ?? '', ['sign-in-links create --json']],
    [credentials.SecretAccessKey, ['credentials --project shop', 'credentials --project shop --json']],
    [credentials.SessionToken, ['credentials --project shop', 'credentials --project shop --json']],
    [first.secretAccessKey, []],
    [second.secretAccessKey, []],
    [wrong.secretAccessKey, []],
    [vendor.apiKey, []],
    [operatorToken, []],
  ];
  for (const [secret, commands] of meant) {
    expect(secret.length).toBeGreaterThan(15);
    expect(showing(secret)).toEqual(commands);
  }
  // The service's own log has none of them either.
  for (const [secret] of meant) expect(vendor.logs.join('\n')).not.toContain(secret);
  expect(shown.length).toBeGreaterThan(50);
});
