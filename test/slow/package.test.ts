import { execFile } from 'node:child_process';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { packed } from '../run/packed.js';

const run = promisify(execFile);
const repository = process.cwd();

let root: string;
const tarballs = new Map<string, string>();
let files: readonly string[];
const installed = () => path.join(root, 'node_modules/@rolebridge/service');

/** A vendor's project with the tarball, and the packages that it depends on. */
beforeAll(async () => {
  root = mkdtempSync(path.join(tmpdir(), 'rolebridge-vendor-'));
  files = await install('service');
  await install('client');
  link(path.join(repository, 'node_modules'), path.join(root, 'node_modules'));
  link(path.join(repository, 'service/node_modules'), path.join(installed(), 'node_modules'));
  writeFileSync(
    path.join(root, 'package.json'),
    JSON.stringify({ name: 'vendor', private: true, type: 'module' }),
  );
}, 180_000);
afterAll(() => rmSync(root, { recursive: true, force: true }));

/** Unpacks one of our packages as npm would; returns the names of its files. */
async function install(name: string): Promise<readonly string[]> {
  const { file, files: names } = await packed(name);
  tarballs.set(name, file);
  const folder = path.join(root, 'node_modules/@rolebridge', name);
  mkdirSync(folder, { recursive: true });
  await run('tar', ['-xzf', file, '-C', folder, '--strip-components=1']);
  return names;
}

/** Every package of one folder in another one, but for ours. */
function link(from: string, to: string): void {
  let names: string[] = [];
  try {
    names = readdirSync(from).filter((name) => !name.startsWith('.') && name !== '@rolebridge');
  } catch {
    return;
  }
  mkdirSync(to, { recursive: true });
  for (const name of names) symlinkSync(path.join(from, name), path.join(to, name));
}

const node = (...words: string[]) =>
  run(process.execPath, words, { cwd: root, env: { PATH: process.env.PATH, HOME: root } });
const bin = (name: string, command: string): string => {
  const folder = path.join(repository, 'node_modules', name);
  return path.join(folder, JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8')).bin[command]);
};

test('the tarball has exactly the program, the client and their data', async () => {
  // npm built it in the package's folder; from here it has to give the same bytes.
  await run(process.execPath, ['constructs/callback/build.mjs']);
  expect(files).toEqual(
    expect.arrayContaining([
      'LICENSE',
      'README.md',
      'dist/service/cli/rolebridge.cjs',
      'dist/service/main.js',
      'dist/service/index.d.ts',
      'dist/client/index.js',
      'dist/client/index.d.ts',
    ]),
  );
  const beside = ['web/public', 'terraform-module', 'templates/built'];
  for (const folder of beside) {
    const names = readdirSync(path.join('service', folder)).sort();
    expect(readdirSync(path.join(installed(), 'dist/service', folder)).sort()).toEqual(names);
    for (const name of names)
      expect(readFileSync(path.join(installed(), 'dist/service', folder, name), 'utf8')).toBe(
        readFileSync(path.join('service', folder, name), 'utf8'),
      );
  }
  const others = files.filter((file) => !beside.some((folder) => file.startsWith(`dist/service/${folder}/`)));
  expect(
    others.filter(
      (file) =>
        !/^(LICENSE|README\.md|package\.json|dist\/.+\.(js|d\.ts)|dist\/service\/cli\/rolebridge\.cjs|dist\/docs\/.+\.(md|yml|json))$/.test(
          file,
        ),
    ),
  ).toEqual([]);
});

test("the command starts from npm's location", async () => {
  const { stdout } = await node(path.join(installed(), 'dist/service/cli/rolebridge.cjs'), '--help');
  expect(stdout).toMatch(/Usage: rolebridge/);
  expect(readFileSync(path.join(installed(), 'dist/service/cli/rolebridge.cjs'), 'utf8')).toMatch(
    /^#!\/usr\/bin\/env node\n/,
  );
}, 60_000);

test.each(['@rolebridge/service', '@rolebridge/client'])(
  '%s loads by name with import, and with require where Node supports it',
  async (name) => {
    writeFileSync(
      path.join(root, 'load.mjs'),
      `const loaded = await import('${name}'); console.log(Object.keys(loaded).length > 0);`,
    );
    expect((await node('load.mjs')).stdout).toBe('true\n');
    writeFileSync(path.join(root, 'load.cjs'), `console.log(Object.keys(require('${name}')).length > 0);`);
    expect((await node('--no-warnings', 'load.cjs')).stdout).toBe('true\n');
  },
  60_000,
);

test('the client loads only Node’s modules', async () => {
  const loaded = files
    .filter((file) => /^dist\/client\/.+\.js$/.test(file))
    .flatMap((file) => [
      ...readFileSync(path.join(installed(), file), 'utf8').matchAll(
        /^(?:import|export) .*?from '([^']+)'/gms,
      ),
    ])
    .map((match) => String(match[1]));
  expect(loaded.filter((name) => !/^(node:|\.\/)/.test(name))).toEqual([]);
});

test.each([
  ['with Node’s own resolution', { module: 'nodenext', moduleResolution: 'nodenext' }],
  ['in a bundler', { module: 'esnext', moduleResolution: 'bundler' }],
])(
  'a vendor’s program type-checks against it, %s',
  async (_name, options) => {
    writeFileSync(
      path.join(root, 'program.ts'),
      `import { createService, type ServiceOptions } from '@rolebridge/service';
import { createRolebridgeClient, type Connection } from '@rolebridge/client';

export const start = (options: ServiceOptions) => createService(options);
export async function first(apiKey: string): Promise<string | undefined> {
  const client = createRolebridgeClient({ url: 'https://connect.vendor.example', apiKey });
  for await (const connection of client.connections()) return (connection satisfies Connection).id;
  return undefined;
}
`,
    );
    writeFileSync(
      path.join(root, 'tsconfig.json'),
      JSON.stringify({
        compilerOptions: {
          ...options,
          target: 'es2023',
          lib: ['es2023'],
          strict: true,
          noEmit: true,
          skipLibCheck: true,
          types: ['node'],
        },
        files: ['program.ts'],
      }),
    );
    await node(path.join(repository, 'node_modules/typescript/bin/tsc'), '-p', '.').catch((error) => {
      throw new Error(error.stdout);
    });
  },
  120_000,
);

describe.each(['service', 'client'])('package tools: %s', (name) => {
  const tarball = () => tarballs.get(name) ?? '';

  test('arethetypeswrong: the types are right for every kind of ESM import', async () => {
    const { stdout } = await node(
      bin('@arethetypeswrong/cli', 'attw'),
      tarball(),
      '--format',
      'ascii',
      '--profile',
      'esm-only',
    );
    // It ends with an error when a way that is not ignored has a problem.
    expect(stdout.match(/(node16 \(from ESM\)|bundler): 🟢/g)).toHaveLength(4);
  }, 120_000);

  test('publint: no findings', async () => {
    const { stdout } = await node(bin('publint', 'publint'), '--strict', tarball());
    expect(stdout).toMatch(/All good!/);
  }, 60_000);
});

test('has its documents, alerts and dashboard, without a dead link', () => {
  for (const name of ['operations.md', 'runbook.md', 'operations/alerts.yml', 'operations/dashboard.json'])
    expect(files).toContain(`dist/docs/${name}`);
  const broken = files
    .filter((file) => file.endsWith('.md'))
    .flatMap((file) =>
      [
        ...readFileSync(path.join(installed(), file), 'utf8').matchAll(
          /\]\((?!https?:|mailto:|#|\/)([^)#\s]+)/g,
        ),
      ]
        .map(([, target = '']) => path.normalize(path.join(path.dirname(file), target)))
        .filter((target) => !files.includes(target))
        .map((target) => `${file}: ${target}`),
    );
  expect(broken).toEqual([]);
});
