import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { type Flavour, flavours, installConstructs, moved } from '../constructs/customer-project.js';
import type { Json } from '../constructs/synthesized.js';
import { packed } from '../run/packed.js';

const run = promisify(execFile);
const repository = process.cwd();
const tsx = path.join(repository, 'node_modules/tsx/dist/cli.mjs');

const stackInJavaScript = (load: string) => `${load}
const app = new App();
const stack = new TerraformStack(app, 'customer');
new AwsProvider(stack, 'aws', { region: 'eu-central-1' });
new AwsConnection(stack, 'vendor', {
  connectionId: 'con_8f3kQz', externalId: 'an-external-id', permissions: 'read-only',
  principal: 'arn:aws:iam::123456789012:role/vendor', callbackUrl: 'https://vendor.example/v1/callbacks',
});
app.synth();
`;

let root: string;
let tarball: string;
let files: readonly string[];
const projectOf = ({ cdk }: Pick<Flavour, 'cdk'>) => path.join(root, cdk);
const installed = (flavour: Flavour) => path.join(projectOf(flavour), 'node_modules/@rolebridge/constructs');

/** A customer's project of each kind: outside the repository, with the tarball, its own peers and nothing else. */
beforeAll(async () => {
  root = mkdtempSync(path.join(tmpdir(), 'rolebridge-customer-'));
  const constructs = await packed('constructs');
  ({ file: tarball, files } = constructs);
  for (const flavour of flavours) {
    const project = projectOf(flavour);
    installConstructs(project, constructs, flavour.peers);
    writeFileSync(path.join(project, 'package.json'), JSON.stringify({ name: 'customer', private: true }));
    const example = readFileSync(path.join(repository, 'examples', 'smallest', 'main.ts'), 'utf8');
    writeFileSync(path.join(project, 'main.ts'), moved(example, flavour));
  }
}, 120_000);

afterAll(() => rmSync(root, { recursive: true, force: true }));

test('the tarball is small and has its documented content, the script and the license', () => {
  expect(statSync(tarball).size).toBeLessThan(70_000);
  expect(files).toEqual(
    expect.arrayContaining([
      'LICENSE',
      'README.md',
      'dist/index.js',
      'dist/index.d.ts',
      'dist/callback-script/rolebridge-callback.cjs',
      'dist/cdktn/index.js',
      'dist/cdktn/index.d.ts',
      'dist/cdktn/callback-script/rolebridge-callback.cjs',
    ]),
  );
  expect(
    files.filter(
      (file) =>
        !/^(LICENSE|README\.md|package\.json|dist\/.+\.(js|cjs|d\.ts|d\.cts)|dist\/(cdktn\/)?iam\/role-policies\.json)$/.test(
          file,
        ),
    ),
  ).toEqual([]);
});

test('it has no dependencies, and installs no peers of the other framework', () => {
  const manifest = JSON.parse(readFileSync(path.join(installed(flavours[0]), 'package.json'), 'utf8'));
  expect(manifest.dependencies).toBeUndefined();
  const required = Object.keys(manifest.peerDependencies).filter(
    (peer) => manifest.peerDependenciesMeta[peer]?.optional !== true,
  );
  expect(required).toEqual(['constructs']);
  expect(Object.keys(manifest.peerDependencies).sort()).toEqual(
    [...new Set(flavours.flatMap(({ peers }) => peers))].sort(),
  );
});

test('init needs only Node: it runs before any package is installed', () => {
  const programs = files.filter((file) => /^dist\/init\/.+\.js$/.test(file));
  const loaded = programs.flatMap((file) => [
    ...readFileSync(path.join(installed(flavours[0]), file), 'utf8').matchAll(/\brequire\("([^"]+)"\)/g),
  ]);
  expect(loaded.length).toBeGreaterThan(5);
  expect(
    loaded
      .map((match) => String(match[1]))
      .filter(
        (name) =>
          !/^(node:|\.\/|\.\.\/(props\/patterns|iam\/permissions|callback\/(core|network|messages)|callback\/)$)/.test(
            name,
          ),
      ),
  ).toEqual([]);
});

describe.each(flavours)('for $cdk', (flavour) => {
  test('it loads only its own peers, and the AWS bindings module by module', () => {
    const own = files.filter(
      (file) =>
        file.startsWith(flavour.folder) &&
        // The script is a separate program.
        !file.endsWith('.cjs') &&
        (flavour.cdk === 'cdktn' || !/^dist\/(cdktn|init)\//.test(file)),
    );
    const texts = own
      .filter((file) => /\.(js|d\.ts)$/.test(file))
      .map((file) => readFileSync(path.join(installed(flavour), file), 'utf8'));
    const loaded = texts.flatMap((text) =>
      [...text.matchAll(/(?:require\(|from |import\()["']([^."'][^"']*)["']/g)].map((match) =>
        String(match[1]),
      ),
    );
    // The root of the AWS bindings takes a gigabyte and three seconds.
    const allowed = new RegExp(`^(node:.*|${flavour.cdk}|constructs|@${flavour.cdk}/provider-aws/lib/.+)$`);
    expect(loaded).toContain(flavour.cdk);
    // Examples in comments name the package itself.
    expect(loaded.filter((name) => !allowed.test(name) && name !== flavour.name)).toEqual([]);
  });

  test.each([
    [
      'as the template of the CLI has it',
      { module: 'commonjs', moduleResolution: 'node10', ignoreDeprecations: '6.0' },
    ],
    ['with Node’s own resolution', { module: 'nodenext', moduleResolution: 'nodenext' }],
    ['in a bundler', { module: 'esnext', moduleResolution: 'bundler' }],
  ])(
    'a customer’s stack type-checks against it, %s',
    async (_name, options) => {
      const project = projectOf(flavour);
      writeFileSync(
        path.join(project, 'tsconfig.json'),
        JSON.stringify({
          compilerOptions: {
            ...options,
            target: 'es2022',
            strict: true,
            noEmit: true,
            types: ['node'],
            skipLibCheck: true,
          },
          files: ['main.ts'],
        }),
      );
      await tsc(project);
    },
    60_000,
  );

  test.each([
    [
      'CommonJS',
      'main.cjs',
      `const { App, TerraformStack } = require('cdktf');
  const { AwsProvider } = require('@cdktf/provider-aws/lib/provider');
  const { AwsConnection } = require('@rolebridge/constructs');`,
    ],
    [
      'ESM, by name',
      'main.mjs',
      `import { App, TerraformStack } from 'cdktf';
  import { AwsProvider } from '@cdktf/provider-aws/lib/provider/index.js';
  import { AwsConnection } from '@rolebridge/constructs';`,
    ],
  ])(
    'a customer’s stack synthesizes with it: %s',
    async (_name, file, load) => {
      const project = projectOf(flavour);
      writeFileSync(path.join(project, file), moved(stackInJavaScript(load), flavour));
      const out = path.join(project, `out-${file}`);
      const { stdout, stderr } = await run(process.execPath, ['--preserve-symlinks', file], {
        cwd: project,
        env: { PATH: process.env.PATH, CDKTF_OUTDIR: out },
      });
      expect(stdout + stderr).toBe('');
      const folder = path.join(out, 'stacks', 'customer');
      const { resource } = JSON.parse(readFileSync(path.join(folder, 'cdk.tf.json'), 'utf8'));
      expect(Object.keys(resource.aws_iam_role)).toHaveLength(1);
      for (const { provisioner } of Object.values<Json>(resource.terraform_data)) {
        const { command, environment } = provisioner[0]['local-exec'];
        expect(existsSync(path.join(folder, environment.CONNECT_SCRIPT ?? command))).toBe(true);
      }
    },
    60_000,
  );
});

/** A stack without the versions of its tools. */
const withoutVersions = (json: Json) => {
  const { '//': _, terraform, ...rest } = json;
  const { required_providers, ...others } = terraform;
  return { ...rest, terraform: others, providers: Object.keys(required_providers) };
};

test.each(
  readdirSync('examples', { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && existsSync(path.join('examples', entry.name, 'main.ts')))
    .map(({ name }) => name)
    .filter((name) => name !== 'cdk-terrain'),
)(
  'a move from cdktf to cdktn keeps every resource address: %s',
  async (example) => {
    const program = readFileSync(path.join(repository, 'examples', example, 'main.ts'), 'utf8');
    const [onCdktf, onCdktn] = await Promise.all(
      flavours.map(async (flavour) => {
        const project = projectOf(flavour);
        writeFileSync(path.join(project, `${example}.ts`), moved(program, flavour));
        const out = path.join(project, `out-${example}`);
        await run(process.execPath, [tsx, '--preserve-symlinks', path.join(project, `${example}.ts`)], {
          // One for both: the name of the state file depends on it.
          cwd: root,
          env: { PATH: process.env.PATH, HOME: process.env.HOME, CDKTF_OUTDIR: out },
        });
        const [stack] = readdirSync(path.join(out, 'stacks'));
        return JSON.parse(readFileSync(path.join(out, 'stacks', String(stack), 'cdk.tf.json'), 'utf8'));
      }),
    );
    expect(Object.keys(onCdktf.resource).sort()).toEqual(
      expect.arrayContaining(['aws_iam_role', 'terraform_data']),
    );
    expect(withoutVersions(onCdktn)).toEqual(withoutVersions(onCdktf));
  },
  60_000,
);

test('the example for CDK Terrain type-checks and synthesizes as it is', async () => {
  const project = projectOf(flavours[1]);
  const program = readFileSync(path.join(repository, 'examples/cdk-terrain/main.ts'), 'utf8');
  expect(program).toMatch(/^\/\*\*\s+\* Use this /);
  writeFileSync(path.join(project, 'main.ts'), program);
  const options = { module: 'nodenext', target: 'es2022', strict: true, noEmit: true, skipLibCheck: true };
  writeFileSync(
    path.join(project, 'tsconfig.json'),
    JSON.stringify({ compilerOptions: { ...options, types: ['node'] }, files: ['main.ts'] }),
  );
  await tsc(project);
  const out = path.join(project, 'out-example');
  const { stdout, stderr } = await run(process.execPath, [tsx, '--preserve-symlinks', 'main.ts'], {
    cwd: project,
    env: { PATH: process.env.PATH, HOME: process.env.HOME, CDKTF_OUTDIR: out },
  });
  expect(stdout + stderr).toBe('');
  const { resource } = JSON.parse(readFileSync(path.join(out, 'stacks/rolebridge/cdk.tf.json'), 'utf8'));
  expect(Object.keys(resource.aws_iam_role)).toHaveLength(1);
}, 60_000);

describe('package tools', () => {
  test('arethetypeswrong: the types are right for every kind of import', async () => {
    const { stdout } = await run(process.execPath, [
      bin('@arethetypeswrong/cli', 'attw'),
      tarball,
      '--format',
      'ascii',
    ]);
    expect(stdout).toMatch(/No problems found/);
  }, 60_000);

  test('publint: no findings', async () => {
    const { stdout } = await run(process.execPath, [bin('publint', 'publint'), '--strict', tarball]);
    expect(stdout).toMatch(/All good!/);
  }, 60_000);
});

function tsc(project: string) {
  return run(process.execPath, [path.join(repository, 'node_modules/typescript/bin/tsc'), '-p', project], {
    cwd: project,
  });
}

/** The program of a command that npm installed, to be started without a shell. */
function bin(name: string, command: string): string {
  const folder = path.join(repository, 'node_modules', name);
  return path.join(folder, JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8')).bin[command]);
}
