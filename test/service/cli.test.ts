/** The command line against a running service, the way an operator and a vendor's engineer use it. */
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type CommandLineInput, runCommandLine } from '../command-line.js';
import { startVendor, type Vendor } from '../vendor.js';

const operatorToken = 'an-operator-token-of-some-length-1';

let vendor: Vendor;
let folder: string;

beforeEach(async () => {
  vendor = await startVendor({
    operatorTokenHash: createHash('sha256').update(operatorToken).digest('hex'),
    propagationWindowMs: 200,
  });
  folder = mkdtempSync(join(tmpdir(), 'rolebridge-cli-'));
});
afterEach(async () => {
  await vendor.close();
  rmSync(folder, { recursive: true, force: true });
});

const rolebridge = (words: string, input: CommandLineInput = {}) =>
  runCommandLine(words.match(/"[^"]*"|\S+/g)?.map((word) => word.replaceAll('"', '')) ?? [], {
    ...input,
    env: { ROLEBRIDGE_URL: vendor.service.url, ROLEBRIDGE_API_KEY: vendor.apiKey, ...input.env },
  });

/** The command's JSON, which must have gone well. */
async function json(words: string, input: CommandLineInput = {}) {
  const { code, stdout, stderr } = await rolebridge(`${words} --json`, input);
  expect([code, stderr]).toEqual([0, '']);
  return JSON.parse(stdout);
}

const lines = (text: string) => text.trimEnd().split('\n');

/** A customer who creates the role as the connection requires. */
async function connect(scope = 'shop/production') {
  const made = await json(`connection create shop --scope ${scope}`);
  const { accountId } = vendor.sandbox.createAccount();
  const { arn } = vendor.sandbox.createRole(accountId, {
    roleName: 'rolebridge',
    trustPolicy: made.trustPolicy,
  });
  await json(`connection role ${made.id} ${arn}`);
  return { ...made, accountId, roleArn: arn } as { id: string; accountId: string; roleArn: string };
}

test('verify --all verifies each connected and failed connection and lists failures', async () => {
  const good = await connect('a');
  const bad = await connect('b');
  await json('connection create untouched');
  expect((await json('verify --all')).connections).toHaveLength(2);
  vendor.sandbox.deleteRole(bad.roleArn);
  const all = await rolebridge('verify --all --json');
  expect(all.code).toBe(1);
  const of = (id: string) => JSON.parse(all.stdout).connections.find((one: { id: string }) => one.id === id);
  expect(of(good.id)).toMatchObject({ status: 'connected' });
  expect(of(bad.id)).toMatchObject({ status: 'failed', code: 'role_not_assumable' });
  expect((await rolebridge('verify --all')).stdout).toMatch(
    new RegExp(`^${bad.id} +shop +failed +role_not_assumable$`, 'm'),
  );
  expect((await rolebridge('verify')).code).toBe(2);
}, 30_000);

test('evidence without a connection in use claims nothing about connections', async () => {
  const { vendor: controls } = JSON.parse((await rolebridge('evidence')).stdout);
  expect(controls.slice(0, 3)).toEqual([
    expect.objectContaining({ control: 'CAA-001', met: false, by: 'no connection is in use yet' }),
    expect.objectContaining({ control: 'CAA-002', met: false }),
    expect.objectContaining({ control: 'CAA-003', met: false }),
  ]);
});

test('metadata can’t pass for a value of the connection', async () => {
  const { id } = await json('connection create shop --metadata status=connected --metadata team=web');
  const shown = (await rolebridge(`connection show ${id}`)).stdout;
  expect(shown).toMatch(/^status +pending$/m);
  expect(shown).toMatch(/^metadata.status +connected$/m);
});

test('evidence shows for the vendor and each connection how and when each control was met', async () => {
  const good = await connect('a');
  const bad = await connect('b');
  vendor.sandbox.deleteRole(bad.roleArn);
  await rolebridge(`verify ${bad.id}`);
  const report = JSON.parse((await rolebridge('evidence')).stdout);
  const of = (id: string) => report.connections.find((one: { id: string }) => one.id === id).controls;
  expect(of(good.id)).toMatchObject([
    { control: 'CAA-001', met: true, lastShownAt: expect.stringMatching(/Z$/) },
    { control: 'CAA-002', met: true, lastShownAt: expect.stringMatching(/Z$/) },
    { control: 'CAA-003', met: true },
  ]);
  expect(of(bad.id)).toMatchObject([{ control: 'CAA-001', met: false }, { met: false }, { met: true }]);
  expect(report.vendor).toHaveLength(7);
  expect(report.vendor[0]).toMatchObject({ met: false, by: "1 of 2 connections don't meet it" });
  await json(`connection rename ${good.id} <script>`);
  const page = await rolebridge('evidence --format html');
  expect(page.stdout).toMatch(/^<!doctype html>/);
  expect(page.stdout).toContain('&#60;script&#62;');
  expect(page.stdout).not.toContain('<script>');
});

describe('connections', () => {
  test('are created with everything that the customer needs, shown, listed, renamed and deleted', async () => {
    const made = await rolebridge('connection create "the shop" --scope shop/production');
    expect([made.code, made.stderr]).toEqual([0, '']);
    for (const shown of ['external ID', 'principal', 'callback secret', 'status token'])
      expect(made.stdout).toMatch(new RegExp(`^${shown} +\\S+$`, 'm'));
    expect(made.stdout).toContain('rolebridge connection setup-code con_');
    expect(made.stdout.split('\n').length).toBeLessThan(20);
    expect(made.stdout).toMatch(/^callback secret +whsec_/m);
    const id = /con_\w{24}/.exec(made.stdout)?.[0] ?? '';

    const shown = await rolebridge(`connection show ${id}`);
    expect(shown.stdout).toMatch(/^status +pending$/m);
    expect(shown.stdout).toMatch(/^scopes +shop\/production$/m);
    expect(shown.stdout).not.toContain('whsec_');
    expect((await rolebridge(`connection rename ${id} "shop, production"`)).stdout).toMatch(
      /^name +shop, production$/m,
    );
    const listed = lines((await rolebridge('connection list')).stdout);
    expect(listed[0]).toMatch(/^ID +NAME +STATUS +ASSURANCE +METHOD +ACCOUNT +SCOPES$/);
    expect(listed[1]).toMatch(
      new RegExp(`^${id} +shop, production +pending +- +assume_role +- +shop/production$`),
    );
    expect((await rolebridge(`connection delete ${id}`)).stdout).toBe(`deleted ${id}\n`);
    expect(lines((await rolebridge('connection list')).stdout)).toHaveLength(1);
  });

  test('print a single role template for a file', async () => {
    const { code, stdout, stderr } = await rolebridge('connection create shop --format terraform');
    expect(code).toBe(0);
    expect(stdout).toMatch(/resource "aws_iam_role"/);
    const secret = /^callback secret +whsec_(\S+)$/m.exec(stderr)?.[1] ?? '';
    expect(secret).not.toBe('');
    expect(stdout).not.toContain(secret);
  });

  test('are verified on request, and a rejection has the reason and the fix', async () => {
    const { id, accountId } = await connect();
    const verified = await rolebridge(`connection verify ${id}`);
    expect([verified.code, verified.stdout]).toEqual([0, expect.stringMatching(/^status +connected$/m)]);
    expect(verified.stdout).toMatch(/^ {2}external_id_required: passed: /m);

    const other = vendor.sandbox.createRole(accountId, {
      roleName: 'open',
      trustPolicy: {
        Version: '2012-10-17',
        Statement: [{ Effect: 'Allow', Principal: { AWS: vendor.principal }, Action: 'sts:AssumeRole' }],
      },
    });
    const second = await json('connection create second');
    const refused = await rolebridge(`connection role ${second.id} ${other.arn}`);
    expect([refused.code, refused.stdout]).toEqual([1, '']);
    expect(refused.stderr).toMatch(/^rolebridge: external_id_not_required: /);
    expect(refused.stderr).toMatch(/check external_id_required: failed/);
    expect(refused.stderr).toMatch(/"sts:ExternalId"/);
    const asJson = await rolebridge(`connection role ${second.id} ${other.arn} --json`);
    expect(JSON.parse(asJson.stderr)).toMatchObject({
      code: 'external_id_not_required',
      remedy: expect.any(String),
      requestId: expect.any(String),
      checks: expect.any(Array),
    });
    expect((await rolebridge('connection list --status failed')).stdout).toMatch(
      /failed \(external_id_not_required\)/,
    );
  });

  test('are all listed, whatever their number', async () => {
    const names = Array.from({ length: 205 }, (_, number) => `c${number}`);
    await Promise.all(names.map((name) => vendor.call('POST', '/v1/connections', { name })));
    expect((await json('connection list')).connections).toHaveLength(205);
  });

  test('accept an access key from a pipe, replace it, and migrate to a role', async () => {
    const { accountId } = vendor.sandbox.createAccount();
    const keys = [1, 2, 3].map((number) => vendor.sandbox.createAccessKey(accountId, `user-${number}`));
    const [first, second, third] = keys as [(typeof keys)[0], (typeof keys)[0], (typeof keys)[0]];
    const made = await json(`connection create archive --access-key-id ${first.accessKeyId}`, {
      stdin: `${first.secretAccessKey}\n`,
    });
    expect(made).toMatchObject({ status: 'connected', method: 'access_key', accountId });
    // As "aws iam create-access-key" prints it.
    const rotated = await json(`connection rotate-key ${made.id}`, {
      stdin: JSON.stringify({
        AccessKey: { AccessKeyId: second.accessKeyId, SecretAccessKey: second.secretAccessKey },
      }),
    });
    expect(rotated.accessKeyLastFour).toBe(second.accessKeyId.slice(-4));
    const again = await json(`connection rotate-key ${made.id} --access-key-id ${third.accessKeyId}`, {
      env: { ROLEBRIDGE_SECRET_ACCESS_KEY: third.secretAccessKey },
    });
    expect(again.accessKeyLastFour).toBe(third.accessKeyId.slice(-4));

    await json(`scope set ${made.id} archive`);
    const held = JSON.parse((await rolebridge('credentials --project archive')).stdout);
    expect(held).toEqual({
      Version: 1,
      AccessKeyId: third.accessKeyId,
      SecretAccessKey: third.secretAccessKey,
    });
    const move = await json(`connection migrate-to-role ${made.id}`);
    expect(move).toMatchObject({ externalId: expect.any(String), callbackSecret: expect.any(String) });
  });

  test('rotate their external ID, or keep it', async () => {
    const { id } = await connect();
    const before = await json(`connection show ${id}`);
    const rotation = await json(`connection rotate-external-id ${id}`);
    expect(rotation).toMatchObject({ status: 'connected', previousExternalId: before.externalId });
    const { stdout, stderr } = await rolebridge(`connection rotate-external-id ${id} --format terraform`);
    expect(stdout).toContain(rotation.externalId);
    expect(stderr).not.toContain('shown only once');
    expect(await json(`connection show ${id}`)).toMatchObject({ pendingExternalId: rotation.externalId });
    expect(await json(`connection rotate-external-id ${id} --cancel`)).toEqual({
      ...before,
      updatedAt: expect.any(String),
    });
    const again = await rolebridge(`connection rotate-external-id ${id} --cancel`);
    expect([again.code, again.stderr]).toEqual([1, expect.stringMatching(/external_id_not_changing/)]);
  });

  test('rotate their callback secret', async () => {
    const { id } = await connect();
    const rotated = await json(`connection rotate-callback-secret ${id} --previous-valid 60`);
    expect(rotated.callbackSecret).toMatch(/^whsec_/);
    expect(Date.parse(rotated.previousValidUntil) - Date.now()).toBeLessThan(61_000);
  });
});

describe('targets', () => {
  test('are resolved, with the shadowed connections', async () => {
    const { id, accountId } = await connect();
    const wide = await json('connection create everything --scope organization');
    const { code, stdout } = await rolebridge('resolve -p shop -e production -a web');
    expect(code).toBe(0);
    expect(stdout).toMatch(new RegExp(`^connection +${id}$`, 'm'));
    expect(stdout).toMatch(new RegExp(`^account +${accountId}$`, 'm'));
    expect(stdout).toMatch(/^matched scope +shop\/production$/m);
    expect(stdout).toMatch(new RegExp(`^organization +${wide.id} +everything +pending$`, 'm'));
    expect((await json('resolve --project blog')).connection.id).toBe(wide.id);
  });

  test('a connection’s scopes are set, taken from others with --replace, and removed', async () => {
    const { id } = await connect('shop');
    const other = await json('connection create other --scope blog');
    const taken = await rolebridge(`scope set ${id} shop blog`);
    expect([taken.code, taken.stderr]).toEqual([
      1,
      expect.stringMatching(/^rolebridge: scope_taken: "other"/),
    ]);
    expect((await rolebridge(`scope set ${id} shop/production blog --replace`)).stdout).toBe(
      `${id}  shop/production, blog\n`,
    );
    expect((await json(`connection show ${other.id}`)).scopes).toEqual([]);
    expect((await rolebridge(`scope set ${id} --none`)).stdout).toBe(`${id}  -\n`);
  });

  test('credentials have the exact format of a credential process', async () => {
    const { accountId } = await connect();
    const { code, stdout, stderr } = await rolebridge(
      'credentials --project shop --environment production --duration 900 --session-name deploy-7',
    );
    expect([code, stderr]).toEqual([0, '']);
    const credentials = JSON.parse(stdout);
    expect(Object.keys(credentials)).toEqual([
      'Version',
      'AccessKeyId',
      'SecretAccessKey',
      'SessionToken',
      'Expiration',
    ]);
    expect(credentials.Version).toBe(1);
    const lastsMs = Date.parse(credentials.Expiration) - Date.now();
    expect([lastsMs > 800_000, lastsMs <= 900_000]).toEqual([true, true]);
    expect(credentials.AccessKeyId).toMatch(/^ASIA/);
    expect(vendor.sandbox.requests.filter(({ action }) => action === 'AssumeRole').at(-1)).toMatchObject({
      roleArn: expect.stringContaining(accountId),
    });
  });

  test('credentials of an unhealthy connection are refused', async () => {
    await json('connection create pending --scope shop');
    const { code, stdout, stderr } = await rolebridge('credentials --project shop');
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toMatch(/^rolebridge: connection_not_healthy: .*pending/);
    expect((await rolebridge('credentials --project nobodys')).stderr).toMatch(/no_connection_for_target/);
  });
});

describe('keys and the audit log', () => {
  test('a key is created, listed without its secret, used from a file, and revoked', async () => {
    const made = await json(
      'api-keys create runner --permissions keys:write,audit:read --permissions links:write --scope shop/production --expires-in 30d',
    );
    expect(made.permissions).toEqual(['keys:write', 'links:write', 'audit:read']);
    const file = join(folder, 'key');
    writeFileSync(file, `${made.apiKey}\n`, { mode: 0o600 });
    const env = { ROLEBRIDGE_API_KEY: undefined };
    const listed = await rolebridge(`api-keys list --api-key-file ${file}`, { env });
    expect([listed.code, listed.stderr]).toEqual([0, '']);
    expect(listed.stdout).toMatch(
      new RegExp(`^${made.id} +runner +keys:write links:write audit:read +shop/production +\\S+Z `, 'm'),
    );
    expect(listed.stdout).not.toContain(made.apiKey.split('_')[2]);
    const piped = await rolebridge('api-keys list --api-key-file -', { env, stdin: `${made.apiKey}\n` });
    expect(piped.code).toBe(0);

    expect((await rolebridge(`api-keys revoke ${made.id}`)).stdout).toBe(`revoked ${made.id}\n`);
    const refused = await rolebridge(`api-keys list --api-key-file ${file}`, { env });
    expect([refused.code, refused.stderr]).toEqual([1, expect.stringMatching(/^rolebridge: unauthorized: /)]);
  });

  test('a key file that others can read is used, with a warning', async () => {
    const file = join(folder, 'key');
    writeFileSync(file, vendor.apiKey, { mode: 0o644 });
    const { code, stderr } = await rolebridge(`api-keys list --api-key-file ${file}`, {
      env: { ROLEBRIDGE_API_KEY: undefined },
    });
    expect([code, stderr]).toEqual([0, `rolebridge: warning: others can read ${file}. chmod 600 ${file}\n`]);
  });

  test('the audit log is shown in pages, newest first', async () => {
    const { id } = await connect();
    await rolebridge('credentials --project shop --environment production');
    const { records } = await json(`audit --connection ${id} --limit 3`);
    expect(records).toHaveLength(3);
    const shown = lines((await rolebridge(`audit --limit 500`)).stdout);
    expect(shown[1]).toMatch(/credentials\.issue +succeeded +api_key key_\w+ +con_\w+ shop\/production/);
    expect(shown.at(-1)).toMatch(/organization\.create +started +command_line/);
  });

  test('the operator creates organizations and re-encrypts beside a running service', async () => {
    const env = { ROLEBRIDGE_OPERATOR_TOKEN: operatorToken };
    const made = await json(`org create "another one" --url ${vendor.service.url}`, { env });
    expect(made).toMatchObject({ name: 'another one', apiKey: expect.stringMatching(/^rbk_/) });
    const key = { ROLEBRIDGE_API_KEY: made.apiKey };
    expect((await rolebridge('connection list', { env: key })).code).toBe(0);
    const reencrypted = await rolebridge(`reencrypt --url ${vendor.service.url}`, { env });
    expect(reencrypted.stdout).toMatch(/^callback secrets +k1 +0 +[0-9]+ +0$/m);
  });
});

test('every command has help with an example, and all are in the help of their group', async () => {
  const commandsIn = (help: string) =>
    [...(help.split('Commands:\n')[1]?.split('\n\n')[0] ?? '').matchAll(/^ {2}([\w-]+)/gm)].map(
      ([, name]) => name,
    );
  const leaves: string[] = [];
  for (const name of commandsIn((await runCommandLine(['--help'])).stdout)) {
    if (name === undefined || name === 'help') continue;
    const verbs = commandsIn((await runCommandLine([name, '--help'])).stdout);
    leaves.push(...(verbs.length === 0 ? [name] : verbs.map((verb) => `${name} ${verb}`)));
  }
  expect(leaves.length).toBeGreaterThan(20);
  for (const leaf of leaves.filter((name) => !name.endsWith('help'))) {
    const { code, stdout } = await runCommandLine([...leaf.split(' '), '--help']);
    expect([leaf, code]).toEqual([leaf, 0]);
    expect([leaf, stdout]).toEqual([leaf, expect.stringMatching(/\nExample:\n {2}\S/)]);
  }
});

test('a remedy names the command, and with --json the call of the API', async () => {
  const unknown = await rolebridge('connection show con_x');
  expect(unknown.stderr).toContain('List the connections with "rolebridge connection list" and use one');
  const asJson = await rolebridge('connection show con_x --json');
  expect(JSON.parse(asJson.stderr).remedy).toContain('List the connections with GET /v1/connections and use');
  const explained = await rolebridge('explain organization_not_found');
  expect(explained.stdout).toContain('"rolebridge org list --search NAME"');
});

test('a member that the service rejects is named as you gave it', async () => {
  const option = await rolebridge('connection create x --expected-account 12');
  expect(option.stderr).toMatch(/^rolebridge: request_invalid: --expected-account: /);
  const argument = await rolebridge(`connection create ${'x'.repeat(300)}`);
  expect(argument.stderr).toMatch(/^rolebridge: request_invalid: <name>: /);
  const asJson = await rolebridge('connection create x --expected-account 12 --json');
  expect(JSON.parse(asJson.stderr).detail).toMatch(/^body\.expectedAccountId: /);
});

test('a key that was revoked is said to be one of those that fail', async () => {
  const made = JSON.parse((await rolebridge('api-keys create gone --json')).stdout);
  await rolebridge(`api-keys revoke ${made.id}`);
  const { code, stderr } = await rolebridge('connection list', { env: { ROLEBRIDGE_API_KEY: made.apiKey } });
  expect([code, stderr]).toEqual([
    1,
    expect.stringMatching(/unknown, expired or revoked\.\n +Give a valid API key with/),
  ]);
});

test('explains an error code without a service', async () => {
  const { code, stdout } = await rolebridge('explain scope_taken', { env: { ROLEBRIDGE_URL: '' } });
  expect(code).toBe(0);
  expect(stdout).toMatch(/^status +409 Another connection holds the scope$/m);
  expect(stdout).toMatch(/^fix it +Choose another scope/m);
  const unknown = await rolebridge('explain nothing');
  expect([unknown.code, unknown.stderr]).toEqual([2, expect.stringContaining('no error code "nothing"')]);
});
