import { execFile, execFileSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const repository = process.cwd();
const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';

let project: string;
let tarball: string;
let files: string[];

/** A customer's project: outside the repository, with the tarball and the peers, and nothing else of ours. */
beforeAll(() => {
  project = mkdtempSync(path.join(tmpdir(), 'rolebridge-customer-'));
  const [packed] = JSON.parse(
    execFileSync(npm, ['pack', '--json', '--silent', '--pack-destination', project], {
      cwd: path.join(repository, 'constructs'),
      encoding: 'utf8',
    }).replace(/^[^[]*/, ''),
  );
  tarball = path.join(project, packed.filename);
  files = packed.files.map((file: { path: string }) => file.path);
  const modules = path.join(project, 'node_modules');
  mkdirSync(path.join(modules, '@rolebridge'), { recursive: true });
  mkdirSync(path.join(modules, '@cdktf'));
  mkdirSync(path.join(modules, '@types'));
  execFileSync('tar', ['-xzf', tarball, '-C', path.join(modules, '@rolebridge')]);
  cpSync(path.join(modules, '@rolebridge', 'package'), path.join(modules, '@rolebridge', 'constructs'), {
    recursive: true,
  });
  rmSync(path.join(modules, '@rolebridge', 'package'), { recursive: true });
  // The peers by link: hundreds of megabytes that npm would fetch again.
  for (const peer of ['cdktf', 'constructs', '@cdktf/provider-aws', '@types/node', 'undici-types'])
    symlinkSync(path.join(repository, 'node_modules', peer), path.join(modules, peer), 'dir');
  writeFileSync(path.join(project, 'package.json'), JSON.stringify({ name: 'customer', private: true }));
  cpSync(path.join(repository, 'examples', 'smallest', 'main.ts'), path.join(project, 'main.ts'));
}, 60_000);

afterAll(() => rmSync(project, { recursive: true, force: true }));

test('the tarball is small and holds what it says, the script and the licence too', () => {
  expect(statSync(tarball).size).toBeLessThan(60_000);
  expect(files).toEqual(
    expect.arrayContaining([
      'LICENSE',
      'README.md',
      'dist/index.js',
      'dist/index.d.ts',
      'dist/callback-script/rolebridge-callback.cjs',
    ]),
  );
  expect(
    files.filter(
      (file) => !/^(LICENSE|README\.md|package\.json|dist\/.+\.(js|cjs|d\.ts|d\.cts))$/.test(file),
    ),
  ).toEqual([]);
});

test('it depends on its peers only, and says so', () => {
  const manifest = JSON.parse(
    readFileSync(path.join(project, 'node_modules/@rolebridge/constructs/package.json'), 'utf8'),
  );
  expect(manifest.dependencies).toBeUndefined();
  expect(Object.keys(manifest.peerDependencies).sort()).toEqual([
    '@cdktf/provider-aws',
    'cdktf',
    'constructs',
  ]);
  const loaded = files
    .filter((file) => file.endsWith('.js'))
    .flatMap((file) =>
      [
        ...readFileSync(path.join(project, 'node_modules/@rolebridge/constructs', file), 'utf8').matchAll(
          /require\("([^."][^"]*)"\)/g,
        ),
      ].map((match) => String(match[1])),
    );
  // Module by module: the root of the AWS bindings takes a gigabyte and three seconds.
  expect(
    loaded.filter((name) => !/^(node:|cdktf$|constructs$|@cdktf\/provider-aws\/lib\/)/.test(name)),
  ).toEqual([]);
});

test('a customer’s stack type-checks against it, also without skipLibCheck for our types', async () => {
  writeFileSync(
    path.join(project, 'tsconfig.json'),
    JSON.stringify({
      // As CDKTF's TypeScript template has it.
      compilerOptions: {
        module: 'nodenext',
        moduleResolution: 'nodenext',
        target: 'es2022',
        strict: true,
        noEmit: true,
        types: ['node'],
        skipLibCheck: true,
      },
      files: ['main.ts'],
    }),
  );
  await run(process.execPath, [path.join(repository, 'node_modules/typescript/bin/tsc'), '-p', project], {
    cwd: project,
  });
}, 60_000);

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
    writeFileSync(path.join(project, file), stackInJavaScript(load));
    const out = path.join(project, `out-${file}`);
    const { stdout, stderr } = await run(process.execPath, ['--preserve-symlinks', file], {
      cwd: project,
      env: { PATH: process.env.PATH, CDKTF_OUTDIR: out },
    });
    expect(stdout + stderr).toBe('');
    const folder = path.join(out, 'stacks', 'customer');
    const { resource } = JSON.parse(readFileSync(path.join(folder, 'cdk.tf.json'), 'utf8'));
    expect(Object.keys(resource.aws_iam_role)).toHaveLength(1);
    const [{ provisioner }] = Object.values<{ provisioner: { 'local-exec': { command: string } }[] }>(
      resource.terraform_data,
    ) as [{ provisioner: [{ 'local-exec': { command: string } }] }];
    expect(existsSync(path.join(folder, provisioner[0]['local-exec'].command))).toBe(true);
  },
  60_000,
);
