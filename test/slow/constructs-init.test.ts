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
import { tmpdir } from 'node:os';
import path from 'node:path';
import { PACKAGES } from '../../constructs/init/templates.js';
import { type Flavour, flavours, installConstructs } from '../constructs/customer-project.js';
import type { Json } from '../constructs/synthesized.js';
import { packed, type Tarball } from '../run/packed.js';

const repository = process.cwd();
const EXTERNAL_ID = 'Vq3n8XkLw0ZcR7yT1uHs5A';
const environment = {
  ROLEBRIDGE_CONNECTION_ID: 'con_8f3kQz',
  ROLEBRIDGE_EXTERNAL_ID: EXTERNAL_ID,
  ROLEBRIDGE_PRINCIPAL: 'arn:aws:iam::123456789012:role/vendor',
  ROLEBRIDGE_CALLBACK_URL: 'https://vendor.example/v1/callbacks',
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
  run(
    folder,
    path.join(folder, 'node_modules/@rolebridge/constructs/dist/init/main.js'),
    ['init', ...words],
    env,
  );

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

  test('makes a project in an empty folder, which synthesizes a connection', async () => {
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
      ['.gitignore', 'cdktf.json', 'main.ts', 'package.json', 'rolebridge.ts', 'tsconfig.json'].sort(),
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

  test('says what to write by hand where it is not clear which stack is meant', async () => {
    const two = template(flavour).replace(
      'const app',
      'class Other extends TerraformStack {}\nnew Other(new App(), "x");\nconst app',
    );
    const folder = existing({ 'main.ts': two });
    const { code, output } = await init(folder, ['--yes']);
    expect(code).toBe(0);
    expect(output).toMatch(/in your stack's constructor.*connectVendor\(this\)/i);
    expect(readFileSync(path.join(folder, 'main.ts'), 'utf8')).toBe(two);
    expect(existsSync(path.join(folder, 'rolebridge.ts'))).toBe(true);
  });
});

describe('init', () => {
  const [flavour] = flavours;

  test('shows what it would write and writes nothing without a yes', async () => {
    for (const words of [[], ['--dry-run']]) {
      const folder = folderWith(flavour);
      const { output } = await init(folder, ['--cdk', 'cdktf', ...words]);
      expect(output).toMatch(/new: rolebridge\.ts[\s\S]*\+ .*connectionId: "con_8f3kQz"/);
      expect(filesOf(folder)).toEqual([]);
    }
  });

  test('overwrites nothing', async () => {
    const folder = folderWith(flavour, { 'rolebridge.ts': '// mine\n' });
    const { code, output } = await init(folder, ['--yes', '--cdk', 'cdktf']);
    expect(code).toBe(1);
    expect(output).toMatch(/rolebridge\.ts is there already, and init overwrites nothing/);
    expect(filesOf(folder)).toEqual(['rolebridge.ts']);
  });

  test.each([
    ['--callback-secret', 'whsec_AAAA'],
    ['--callback-secret=whsec_AAAA', ''],
    ['whsec_AAAA', ''],
  ])('takes no callback secret on the command line: %s', async (...words) => {
    const folder = folderWith(flavour);
    const { code, output } = await init(folder, ['--yes', ...words.filter(Boolean)]);
    expect(code).toBe(1);
    expect(output).toMatch(/must not be on a command line/);
    expect(output).not.toContain('whsec_AAAA');
    expect(filesOf(folder)).toEqual([]);
  });

  test('has no secret of the environment in any file', async () => {
    const folder = folderWith(flavour);
    const { output } = await init(folder, ['--yes', '--cdk', 'cdktf'], {
      ...environment,
      CONNECT_CALLBACK_SECRET: 'whsec_Y2FuYXJ5',
    });
    const texts = filesOf(folder).map((name) => readFileSync(path.join(folder, name), 'utf8'));
    for (const text of [output, ...texts]) expect(text).not.toContain('whsec_Y2FuYXJ5');
  });

  test('names every value that is missing or wrong, at once', async () => {
    const folder = folderWith(flavour);
    const { code, output } = await init(folder, ['--yes', '--callback-url', 'http://vendor.example/'], {
      ROLEBRIDGE_CONNECTION_ID: 'con_1',
      ROLEBRIDGE_EXTERNAL_ID: 'a","b',
    });
    expect(code).toBe(1);
    expect(output).toMatch(/--external-id .* must be .*; it is "a\\",\\"b"/);
    expect(output).toMatch(/--principal \(or ROLEBRIDGE_PRINCIPAL\) is missing/);
    expect(output).toMatch(/--callback-url .* must be an https URL/);
    expect(output).not.toMatch(/--connection-id/);
  });

  test.each<[string, Record<string, string | object>, string[], RegExp]>([
    ['in another language', { 'cdktf.json': { language: 'python' } }, [], /is of a project in "python"/],
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

  test('writes the versions that the constructs are tested with', () => {
    const { devDependencies: tested } = JSON.parse(readFileSync('package.json', 'utf8'));
    for (const { dependencies } of Object.values(PACKAGES))
      for (const [name, version] of Object.entries(dependencies))
        expect([name, version]).toEqual([name, tested[name]]);
    expect(PACKAGES.cdktf.devDependencies['cdktf-cli']).toBe(tested['cdktf-cli']);
  });
});
