/** The command as npm installs it: from the packed tarball, in a project outside this repository. */
import { execFileSync, spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { isBuiltin } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { packed } from '../run/packed.js';

const repository = process.cwd();

let project: string;
let installed: string;

beforeAll(async () => {
  project = mkdtempSync(path.join(tmpdir(), 'rolebridge-vendor-'));
  const { file } = await packed('service');
  const modules = path.join(project, 'node_modules');
  mkdirSync(path.join(modules, '@rolebridge'), { recursive: true });
  mkdirSync(path.join(modules, '.bin'));
  execFileSync('tar', ['-xzf', file, '-C', path.join(modules, '@rolebridge')]);
  installed = path.join(modules, '@rolebridge/service');
  renameSync(path.join(modules, '@rolebridge/package'), installed);
  writeFileSync(path.join(project, 'package.json'), JSON.stringify({ name: 'vendor', type: 'module' }));
  // As npm does for a package's "bin".
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

const command = 'dist/service/cli/rolebridge.cjs';

test('the credentials command is one file that loads nothing else', () => {
  const text = readFileSync(path.join(installed, command), 'utf8');
  const loaded = [...text.matchAll(/\brequire\("([^"]+)"\)/g)].map(([, name = '']) => name);
  expect(loaded.filter((name) => !isBuiltin(name))).toEqual([]);
  expect(text.length).toBeLessThan(100_000);
});

test('npx rolebridge runs from the packed tarball', () => {
  const { dependencies } = JSON.parse(readFileSync(path.join(installed, 'package.json'), 'utf8'));
  linkDependencies(Object.keys(dependencies));
  expect(readFileSync(path.join(installed, command), 'utf8')).toMatch(/^#!\/usr\/bin\/env node\n/);
  expect(statSync(path.join(repository, 'service', command)).mode & 0o111).toBe(0o111);
  const help = rolebridge('--help');
  expect([help.status, help.stdout]).toEqual([0, expect.stringContaining('credentials')]);
  const wrong = rolebridge('credentials');
  expect([wrong.status, wrong.stdout]).toEqual([2, '']);
  expect(wrong.stderr).toContain('ROLEBRIDGE_URL');
  // Loads all of the service.
  const unset = rolebridge('serve');
  expect([unset.status, unset.stderr]).toEqual([2, expect.stringContaining('ROLEBRIDGE_PRINCIPAL')]);
}, 60_000);
