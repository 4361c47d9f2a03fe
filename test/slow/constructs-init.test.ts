import { execFile } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { PACKAGES } from '../../constructs/init/templates.js';
import { VALUES } from '../../constructs/init/values.js';
import { defaultBrand } from '../../service/web/brand.js';
import { type Flavour, flavours, installConstructs } from '../constructs/customer-project.js';
import type { Json } from '../constructs/synthesized.js';
import { packed, type Tarball } from '../run/packed.js';
import { startVendor, type Vendor } from '../vendor.js';

const repository = process.cwd();
const EXTERNAL_ID = 'Vq3n8XkLw0ZcR7yT1uHs5A';
const environment = {
  CONNECT_CONNECTION_ID: 'con_8f3kQz',
  CONNECT_EXTERNAL_ID: EXTERNAL_ID,
  CONNECT_PRINCIPAL: 'arn:aws:iam::123456789012:role/vendor',
  CONNECT_CALLBACK_URL: 'https://vendor.example/v1/callbacks',
};

let root: string;
let tarball: Tarball;
let count = 0;

beforeAll(async () => {
  root = mkdtempSync(path.join(tmpdir(), 'rolebridge-init-'));
  tarball = await packed('constructs');
}, 120_000);
afterAll(() => rmSync(root, { recursive: true, force: true }));

/** A folder with these files, and the packages that `npm install` would bring. */
function folderWith(flavour: Flavour, files: Record<string, string | object> = {}): string {
  count += 1;
  const folder = path.join(root, `stack-${count}`);
  mkdirSync(folder);
  installConstructs(folder, tarball, flavour.peers);
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
    writeFileSync(path.join(folder, name), typeof text === 'string' ? text : JSON.stringify(text, null, 4));
  }
  return folder;
}

interface Outcome {
  readonly code: number;
  readonly output: string;
}

function run(
  folder: string,
  program: string,
  words: string[],
  env: Record<string, string> = {},
): Promise<Outcome> {
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [program, ...words],
      { cwd: folder, env: { PATH: process.env.PATH, HOME: process.env.HOME, ...env } },
      (error, stdout, stderr) =>
        resolve({
          code: typeof error?.code === 'number' ? error.code : error ? 1 : 0,
          output: stdout + stderr,
        }),
    ).stdin?.end();
  });
}

const init = (folder: string, words: string[], env: Record<string, string> = environment) =>
  program(folder, ['init', ...words], env);

const program = (folder: string, words: string[], env: Record<string, string> = environment) =>
  run(folder, path.join(folder, 'node_modules/@rolebridge/constructs/dist/init/main.js'), words, env);

/** As `cdktf synth` does, with the project's own program. */
async function synthesized(folder: string): Promise<Json> {
  const { code, output } = await run(folder, path.join(repository, 'node_modules/tsx/dist/cli.mjs'), [
    '--preserve-symlinks',
    'main.ts',
  ]);
  if (code !== 0) throw new Error(output);
  const stacks = path.join(folder, 'cdktf.out', 'stacks');
  const [stack] = readdirSync(stacks);
  return JSON.parse(readFileSync(path.join(stacks, String(stack), 'cdk.tf.json'), 'utf8'));
}

const filesOf = (folder: string) =>
  readdirSync(folder)
    .filter((name) => name !== 'node_modules')
    .sort();

/** As the template of the CLI writes it. */
const template = ({ cdk }: Flavour) => `import { Construct } from "constructs";
import { App, TerraformStack } from "${cdk}";
import { AwsProvider } from "@${cdk}/provider-aws/lib/provider";

class MyStack extends TerraformStack {
  constructor(scope: Construct, id: string) {
    super(scope, id);

    new AwsProvider(this, "aws", { region: "eu-central-1" });
  }
}

const app = new App();
new MyStack(app, "existing");
app.synth();
`;

describe.each(flavours)('init, for $cdk', (flavour) => {
  const packages = { dependencies: { [flavour.cdk]: '*' }, devDependencies: { jest: '*' } };
  const existing = (more: Record<string, string | object> = {}) =>
    folderWith(flavour, {
      'package.json': packages,
      'cdktf.json': { language: 'typescript', app: 'npx ts-node main.ts' },
      'main.ts': template(flavour),
      ...more,
    });

  test('creates a project in an empty folder that synthesizes a connection', async () => {
    const folder = folderWith(flavour);
    const { code, output } = await init(folder, [
      '--yes',
      '--cdk',
      flavour.cdk,
      '--scope',
      'shop/production',
    ]);
    expect(output).toContain(`A new ${flavour.cdk} project`);
    expect(code).toBe(0);
    expect(filesOf(folder)).toEqual(
      ['.gitignore', 'cdktf.json', 'main.ts', 'package.json', 'vendor-connection.ts', 'tsconfig.json'].sort(),
    );
    const json = await synthesized(folder);
    const [role] = Object.values<Json>(json.resource.aws_iam_role);
    expect(role.assume_role_policy).toContain(EXTERNAL_ID);
    expect(JSON.stringify(json.resource.terraform_data)).toContain('con_8f3kQz');
    expect(json.provider.aws).toEqual([{ region: 'us-east-1' }]);

    const typescript = path.join(repository, 'node_modules/typescript/bin/tsc');
    expect(await run(folder, typescript, ['-p', '.'])).toEqual({ code: 0, output: '' });
  }, 60_000);

  test('adds the connection to a project, changes two lines of its code and keeps the rest', async () => {
    const folder = existing();
    const { code, output } = await init(folder, ['--yes']);
    expect(code).toBe(0);
    expect(output).toContain('+     connectVendor(this);');
    const main = readFileSync(path.join(folder, 'main.ts'), 'utf8');
    expect(
      main
        .split('\n')
        .filter((line) => !/connectVendor/.test(line))
        .join('\n'),
    ).toBe(template(flavour));
    const { dependencies, devDependencies } = JSON.parse(
      readFileSync(path.join(folder, 'package.json'), 'utf8'),
    );
    expect(Object.keys(dependencies)).toEqual(
      ['@rolebridge/constructs', `@${flavour.cdk}/provider-aws`, flavour.cdk, 'constructs'].sort(),
    );
    expect(dependencies[flavour.cdk]).toBe('*');
    expect(devDependencies).toEqual(packages.devDependencies);
    // With the indentation that it had.
    expect(readFileSync(path.join(folder, 'package.json'), 'utf8')).toMatch(/^ {4}"dependencies"/m);

    const json = await synthesized(folder);
    expect(Object.keys(json.resource)).toEqual(expect.arrayContaining(['aws_iam_role', 'terraform_data']));
    // The provider that was there, and no second one.
    expect(json.provider.aws).toEqual([{ region: 'eu-central-1' }]);
  }, 60_000);

  test('changes nothing when it runs again', async () => {
    const folder = existing();
    await init(folder, ['--yes']);
    const main = readFileSync(path.join(folder, 'main.ts'), 'utf8');
    expect((await init(folder, ['--yes'])).code).toBe(0);
    expect(readFileSync(path.join(folder, 'main.ts'), 'utf8')).toBe(main);
  });

  test('prints the code to add when the stack is ambiguous', async () => {
    const two = template(flavour).replace(
      'const app',
      'class Other extends TerraformStack {}\nnew Other(new App(), "x");\nconst app',
    );
    const folder = existing({ 'main.ts': two });
    const { code, output } = await init(folder, ['--yes']);
    expect(code).toBe(0);
    expect(output).toMatch(/in your stack's constructor.*connectVendor\(this\)/i);
    expect(readFileSync(path.join(folder, 'main.ts'), 'utf8')).toBe(two);
    expect(existsSync(path.join(folder, 'vendor-connection.ts'))).toBe(true);
  });
});

describe('init', () => {
  const [flavour] = flavours;

  test('shows the files and writes nothing without a yes', async () => {
    for (const words of [[], ['--dry-run']]) {
      const folder = folderWith(flavour);
      const { output } = await init(folder, ['--cdk', 'cdktf', ...words]);
      expect(output).toMatch(/new: vendor-connection\.ts[\s\S]*\+ .*connectionId: "con_8f3kQz"/);
      expect(filesOf(folder)).toEqual([]);
    }
  });

  test('overwrites nothing', async () => {
    const folder = folderWith(flavour, { 'vendor-connection.ts': '// mine\n' });
    const { code, output } = await init(folder, ['--yes', '--cdk', 'cdktf']);
    expect(code).toBe(1);
    expect(output).toMatch(/vendor-connection\.ts already exists, and init never overwrites a file/);
    expect(filesOf(folder)).toEqual(['vendor-connection.ts']);
  });

  test.each([
    ['--callback-secret', 'whsec_AAAA'],
    ['--callback-secret=whsec_AAAA', ''],
    ['whsec_AAAA', ''],
  ])('refuses a callback secret on the command line: %s', async (...words) => {
    const folder = folderWith(flavour);
    const { code, output } = await init(folder, ['--yes', ...words.filter(Boolean)]);
    expect(code).toBe(1);
    expect(output).toMatch(/must not be on a command line/);
    expect(output).not.toContain('whsec_AAAA');
    expect(filesOf(folder)).toEqual([]);
  });

  test('writes no secret of the environment into a file', async () => {
    const folder = folderWith(flavour);
    const { output } = await init(folder, ['--yes', '--cdk', 'cdktf'], {
      ...environment,
      CONNECT_CALLBACK_SECRET: 'whsec_Y2FuYXJ5',
    });
    const texts = filesOf(folder).map((name) => readFileSync(path.join(folder, name), 'utf8'));
    for (const text of [output, ...texts]) expect(text).not.toContain('whsec_Y2FuYXJ5');
  });

  test('reports all missing and wrong values together', async () => {
    const folder = folderWith(flavour);
    const { code, output } = await init(folder, ['--yes', '--callback-url', 'http://vendor.example/'], {
      CONNECT_CONNECTION_ID: 'con_1',
      CONNECT_EXTERNAL_ID: 'a","b',
    });
    expect(code).toBe(1);
    expect(output).toMatch(/--external-id .* must be .*; it is "a\\",\\"b"/);
    expect(output).toMatch(/--principal \(or CONNECT_PRINCIPAL\) is missing/);
    expect(output).toMatch(/--callback-url .* must be an https URL/);
    expect(output).not.toMatch(/--connection-id/);
  });

  test.each<[string, Record<string, string | object>, string[], RegExp]>([
    ['in another language', { 'cdktf.json': { language: 'python' } }, [], /belongs to a project in "python"/],
    ['whose package.json is no JSON', { 'package.json': '{' }, [], /package\.json is not a JSON object/],
    [
      'that uses the other one',
      { 'package.json': { dependencies: { cdktn: '*' } }, 'cdktf.json': { language: 'typescript' } },
      ['--cdk', 'cdktf'],
      /This project uses cdktn/,
    ],
    ['with an unknown option', {}, ['--force'], /Unknown option '--force'/],
  ])('stops at a project %s', async (_name, files, words, message) => {
    const folder = folderWith(flavour, files);
    const before = filesOf(folder);
    const { code, output } = await init(folder, ['--yes', ...words]);
    expect(code).toBe(1);
    expect(output).toMatch(message);
    expect(filesOf(folder)).toEqual(before);
  });

  test.each([
    ['no command', []],
    ['an unknown command', ['pul', 'deploy@1']],
    ['a pull of nothing', ['pull']],
  ])('names the commands for %s', async (_name, words) => {
    const { code, output } = await program(folderWith(flavour, {}), words);
    expect(code).toBe(1);
    expect(output).toMatch(/^Give init \[folder\], check or pull NAME@VERSION\.\n\nUsage: /);
  });

  test('writes the tested versions', () => {
    const { devDependencies: tested } = JSON.parse(readFileSync('package.json', 'utf8'));
    for (const { dependencies } of Object.values(PACKAGES))
      for (const [name, version] of Object.entries(dependencies))
        expect([name, version]).toEqual([name, tested[name]]);
    expect(PACKAGES.cdktf.devDependencies['cdktf-cli']).toBe(tested['cdktf-cli']);
  });
});

describe('each value', () => {
  const hostile = `"); process.exit(0); ("\n$${'{path.cwd}'}`;
  const wrong = [
    ['hostile', hostile],
    ['huge', 'x'.repeat(20_000)],
  ] as const;
  const cases = Object.values(VALUES).flatMap(({ flag, variable }) =>
    wrong.flatMap(([kind, value]) => [
      [`--${flag}`, kind, flag, [`--${flag}=${value}`], {}] as const,
      [variable, kind, flag, [], { [variable]: value }] as const,
    ]),
  );

  test.each(cases)('%s is rejected by name when it is %s', async (_name, _kind, flag, words, env) => {
    const folder = folderWith(flavours[0]);
    const { code, output } = await init(folder, ['--yes', ...words], { ...environment, ...env });
    expect([code, output]).toEqual([1, expect.stringMatching(`--${flag} .*must be`)]);
    expect(filesOf(folder)).toEqual([]);
  });
});

describe('init --setup', () => {
  const [flavour] = flavours;
  const ACCOUNT = '210987654321';
  let vendor: Vendor;
  beforeAll(async () => {
    vendor = await startVendor({ brand: { ...defaultBrand, name: 'Northwind Cloud' } });
  });
  afterAll(() => vendor.close());

  async function connection() {
    const { body } = await vendor.call('POST', '/v1/connections', {
      name: 'shop',
      scopeFrom: 'callback',
      expectedAccountId: ACCOUNT,
    });
    const { body: setup } = await vendor.call('POST', `/v1/connections/${body.id}/setup-code`);
    return { ...body, link: setup.link as string, code: setup.code as string };
  }
  const setUp = (folder: string, words: string[], env: Record<string, string> = {}) =>
    init(folder, ['--cdk', 'cdktf', '--setup', ...words], env);

  test('shows host, account and principal, and writes nothing without a yes', async () => {
    const folder = folderWith(flavour);
    const { link, principal } = await connection();
    const { code, output } = await setUp(folder, [link]);
    expect(code).toBe(1);
    expect(output).toContain(`Host        ${new URL(link).host}\n`);
    expect(output).toContain(`Account     ${ACCOUNT}\n`);
    expect(output).toContain(`Principal   ${principal}\n`);
    expect(filesOf(folder)).toEqual([]);
  });

  test('writes a stack with the values, checks the secret in the environment, and writes no secret', async () => {
    const folder = folderWith(flavour);
    const { id, link, externalId, principal, callbackUrl, callbackSecret } = await connection();
    const { code, output } = await setUp(folder, [link, '--yes', '--scope', 'shop/production'], {
      CONNECT_CALLBACK_SECRET: callbackSecret,
    });
    expect([code, output]).toEqual([0, expect.stringMatching(/^northwind-cloud: ready to connect$/m)]);
    const written = readFileSync(path.join(folder, 'vendor-connection.ts'), 'utf8');
    for (const value of [id, externalId, principal, callbackUrl, ACCOUNT])
      expect(written).toContain(JSON.stringify(value));
    for (const name of filesOf(folder))
      expect(readFileSync(path.join(folder, name), 'utf8')).not.toContain(callbackSecret);
    expect(Object.keys((await synthesized(folder)).resource)).toContain('aws_iam_role');
  }, 60_000);

  test('accepts the code with a separate callback URL', async () => {
    const { code, callbackUrl, id } = await connection();
    const { output } = await setUp(folderWith(flavour), [code, '--dry-run'], {
      CONNECT_CALLBACK_URL: callbackUrl,
    });
    expect(output).toContain(id);
  });

  test('reports a wrong secret', async () => {
    const { link } = await connection();
    const { code, output } = await setUp(folderWith(flavour), [link, '--yes'], {
      CONNECT_CALLBACK_SECRET: `whsec_${Buffer.alloc(32).toString('base64')}`,
    });
    expect([code, output]).toEqual([
      1,
      expect.stringContaining('not ready to connect (callback_unauthorized)'),
    ]);
  });

  const good = {
    name: 'shop',
    connectionId: 'con_8f3kQz',
    externalId: EXTERNAL_ID,
    principal: 'arn:aws:iam::123456789012:role/vendor',
    expectedAccountId: ACCOUNT,
    permissions: 'read-only',
    region: 'us-east-1',
    expiresAt: '2030-01-01T00:00:00.000Z',
  };
  test.each<[string, (url: string) => { status?: number; body: unknown }, RegExp]>([
    ['is unknown', () => ({ status: 401, body: {} }), /does not accept this set-up code/],
    ['is answered with an error', () => ({ status: 404, body: {} }), /answered HTTP 404/],
    ['is answered with a list', () => ({ body: [] }), /--connection-id .* is missing/],
    [
      'is of another host',
      () => ({ body: { ...good, callbackUrl: 'https://thief.example/v1/callbacks' } }),
      /thief\.example/,
    ],
    ...Object.keys(good)
      .filter((name) => !['name', 'expiresAt'].includes(name))
      .map((name): [string, (url: string) => { body: unknown }, RegExp] => [
        `has a hostile ${name}`,
        (url) => ({ body: { ...good, callbackUrl: url, [name]: '"); process.exit(0); ("${x}' } }),
        /must be/,
      ]),
    [
      'has a hostile scope',
      (url) => ({ body: { ...good, callbackUrl: url, scope: { project: { a: 1 } } } }),
      /must be/,
    ],
    [
      'is huge',
      (url) => ({ body: { ...good, callbackUrl: url, externalId: 'x'.repeat(300_000) } }),
      /missing/,
    ],
  ])('rejects a code that %s, and writes nothing', async (_name, answer, message) => {
    const server = createServer((_request, response) => {
      const { port } = server.address() as AddressInfo;
      const { status = 200, body } = answer(`http://127.0.0.1:${port}/v1/callbacks`);
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const folder = folderWith(flavour);
    const link = `http://127.0.0.1:${port}/#stp_${'a'.repeat(32)}`;
    const { code, output } = await setUp(folder, [link, '--yes']);
    server.close();
    expect([code, output]).toEqual([1, expect.stringMatching(message)]);
    expect(filesOf(folder)).toEqual([]);
  });

  test('rejects options that the code decides', async () => {
    const { link } = await connection();
    const folder = folderWith(flavour);
    const { code, output } = await setUp(folder, [link, '--yes', '--account-id', '123456789012']);
    expect([code, output]).toEqual([
      1,
      expect.stringContaining("--account-id can't be given beside --setup"),
    ]);
    expect(filesOf(folder)).toEqual([]);
  });

  test.each([
    '',
    'stp_short',
    'https://vendor.example/',
    `http://vendor.example/#stp_${'a'.repeat(32)}`,
    `stp_${'a'.repeat(32)}`,
  ])('rejects %j', async (link) => {
    const { code, output } = await setUp(folderWith(flavour), [link, '--yes']);
    expect([code, output]).toEqual([1, expect.stringMatching(/set-up code|--setup/)]);
  });
});
