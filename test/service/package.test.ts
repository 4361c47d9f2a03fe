/** The package as npm has it: the packed tarball in somebody's project, outside this repository. */
import { execFileSync, spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

const repository = process.cwd();

let project: string;
let installed: string;

beforeAll(() => {
  project = mkdtempSync(path.join(tmpdir(), 'rolebridge-vendor-'));
  const [packed] = JSON.parse(
    execFileSync('npm', ['pack', '--json', '--silent', '--pack-destination', project], {
      cwd: path.join(repository, 'service'),
      encoding: 'utf8',
    }).replace(/^[^[]*/, ''),
  );
  const modules = path.join(project, 'node_modules');
  mkdirSync(path.join(modules, '@rolebridge'), { recursive: true });
  mkdirSync(path.join(modules, '.bin'));
  execFileSync('tar', ['-xzf', path.join(project, packed.filename), '-C', path.join(modules, '@rolebridge')]);
  installed = path.join(modules, '@rolebridge/service');
  renameSync(path.join(modules, '@rolebridge/package'), installed);
  writeFileSync(path.join(project, 'package.json'), JSON.stringify({ name: 'vendor', type: 'module' }));
  // As npm does for what a package has under "bin".
  const { bin } = JSON.parse(readFileSync(path.join(installed, 'package.json'), 'utf8'));
  for (const [name, file] of Object.entries<string>(bin)) {
    symlinkSync(path.join(installed, file), path.join(modules, '.bin', name));
    chmodSync(path.join(installed, file), 0o755);
  }
}, 120_000);
afterAll(() => rmSync(project, { recursive: true, force: true }));

/** The dependencies by link: npm would fetch them again. */
function linkDependencies(names: readonly string[]) {
  for (const name of names) {
    const link = path.join(project, 'node_modules', name);
    const places = ['service/node_modules', 'node_modules'].map((folder) =>
      path.join(repository, folder, name),
    );
    const found = places.find((place) => existsSync(place));
    mkdirSync(path.dirname(link), { recursive: true });
    if (found && !lstatSync(link, { throwIfNoEntry: false })) symlinkSync(found, link, 'dir');
  }
}

const rolebridge = (...words: string[]) =>
  spawnSync('npx', ['--no-install', 'rolebridge', ...words], {
    cwd: project,
    encoding: 'utf8',
    env: { PATH: process.env.PATH, HOME: project } as Record<string, string> as NodeJS.ProcessEnv,
  });

/** What a file of the package loads from outside it, with all that it loads at once. */
function loadedBy(file: string, seen = new Set<string>()): string[] {
  if (seen.has(file)) return [];
  seen.add(file);
  const text = readFileSync(file, 'utf8');
  return [...text.matchAll(/^(?:import|export)\s(?:[^'"]*\sfrom\s)?['"]([^'"]+)['"]/gm)].flatMap(
    ([, name = '']) => (name.startsWith('.') ? loadedBy(path.join(path.dirname(file), name), seen) : [name]),
  );
}

test('the client loads nothing but Node', () => {
  const loaded = loadedBy(path.join(installed, 'dist/client/index.js'));
  expect(loaded.filter((name) => !name.startsWith('node:'))).toEqual([]);
  // There is no dependency here yet: what needed one would fail.
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [
      '--input-type=module',
      '-e',
      "import { createRolebridgeClient } from '@rolebridge/service/client'; console.log(typeof createRolebridgeClient({ url: 'https://vendor.example' }).resolve)",
    ],
    { cwd: project, encoding: 'utf8' },
  );
  expect([status, stdout, stderr]).toEqual([0, 'function\n', '']);
});

test('the command loads commander alone, for those that wait for credentials', () => {
  const loaded = loadedBy(path.join(installed, 'dist/main.js'));
  expect([...new Set(loaded.filter((name) => !name.startsWith('node:')))]).toEqual(['commander']);
});

test('has the files of the Terraform module as they are, and no others', () => {
  const source = path.join(repository, 'service/terraform-module');
  const packed = path.join(installed, 'dist/terraform-module');
  expect(readdirSync(packed).sort()).toEqual(readdirSync(source).sort());
  for (const name of readdirSync(source))
    expect(readFileSync(path.join(packed, name), 'utf8')).toBe(readFileSync(path.join(source, name), 'utf8'));
});

test('npx rolebridge runs from the packed tarball', () => {
  const { dependencies } = JSON.parse(readFileSync(path.join(installed, 'package.json'), 'utf8'));
  linkDependencies(Object.keys(dependencies));
  expect(readFileSync(path.join(installed, 'dist/main.js'), 'utf8')).toMatch(/^#!\/usr\/bin\/env node\n/);
  expect(statSync(path.join(repository, 'service/dist/main.js')).mode & 0o111).toBe(0o111);
  const help = rolebridge('--help');
  expect([help.status, help.stdout]).toEqual([0, expect.stringContaining('credentials')]);
  const wrong = rolebridge('credentials');
  expect([wrong.status, wrong.stdout]).toEqual([2, '']);
  expect(wrong.stderr).toContain('ROLEBRIDGE_URL');
  // Loads all of the service.
  const unset = rolebridge('serve');
  expect([unset.status, unset.stderr]).toEqual([2, expect.stringContaining('ROLEBRIDGE_PRINCIPAL')]);
}, 60_000);

test('a program in TypeScript is checked against the client’s types', () => {
  linkDependencies(['zod', '@types/node', 'undici-types', 'zod-openapi']);
  writeFileSync(
    path.join(project, 'program.ts'),
    `import { createRolebridgeClient, RolebridgeApiError, type Connection } from '@rolebridge/service/client';
const rolebridge = createRolebridgeClient({ url: 'https://vendor.example', apiKey: 'rbk_' });
const made = await rolebridge.createConnection({ name: 'shop', scope: { project: 'shop' }, expectedAccountId: '210987654321' });
const secret: string = made.callbackSecret;
const connection: Connection = await rolebridge.getConnection(made.id);
if (connection.status === 'connected') { const account: string = connection.accountId; console.log(account, secret); }
// @ts-expect-error: a pending connection has no role.
if (connection.status === 'pending') console.log(connection.roleArn);
// @ts-expect-error: there is no such level.
await rolebridge.resolve({ region: 'x' });
// @ts-expect-error: an access key needs its secret.
await rolebridge.createAccessKeyConnection({ name: 'x', method: 'access_key', accessKeyId: 'AKIA' });
const { records, next } = await rolebridge.listAuditRecords({ limit: 10 });
console.log(records[0]?.action, next, RolebridgeApiError);
`,
  );
  writeFileSync(
    path.join(project, 'tsconfig.json'),
    JSON.stringify({
      compilerOptions: {
        module: 'nodenext',
        target: 'es2023',
        strict: true,
        noEmit: true,
        types: ['node'],
        skipLibCheck: true,
      },
      files: ['program.ts'],
    }),
  );
  const { stdout } = spawnSync(
    process.execPath,
    [path.join(repository, 'node_modules/typescript/bin/tsc'), '-p', project],
    { cwd: project, encoding: 'utf8' },
  );
  expect(stdout).toBe('');
}, 60_000);
