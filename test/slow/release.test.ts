import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { findCommand, notChecked } from '../real/tools.js';

const run = promisify(execFile);
const check = findCommand('git') ? test : test.skip;
if (!findCommand('git')) notChecked('a release: there is no git on the PATH');
const releaseIt = path.resolve('node_modules/release-it/bin/release-it.js');

const { workspaces } = JSON.parse(readFileSync('package.json', 'utf8'));
const manifests = ['package.json', ...workspaces.map((name: string) => `${name}/package.json`)];

let root: string;
beforeAll(async () => {
  root = mkdtempSync(path.join(tmpdir(), 'rolebridge-release-'));
  if (findCommand('git')) await run('git', ['init', '--bare', '--quiet', path.join(root, 'remote')]);
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

/** A repository with the files of a release, and a separate remote. */
async function repository(name: string, change = (settings: Record<string, unknown>) => settings) {
  const folder = path.join(root, name);
  mkdirSync(folder);
  for (const file of [...manifests, 'CHANGELOG.md']) cpSync(file, path.join(folder, file));
  const settings = JSON.parse(readFileSync('.release-it.json', 'utf8'));
  writeFileSync(path.join(folder, '.release-it.json'), JSON.stringify(change(settings)));
  writeFileSync(path.join(folder, '.gitignore'), 'node_modules\n');
  symlinkSync(path.resolve('node_modules'), path.join(folder, 'node_modules'), 'dir');
  const git = (...words: string[]) => run('git', words, { cwd: folder });
  await git('init', '--quiet', '--initial-branch', 'main');
  await git('config', 'user.name', 'release');
  await git('config', 'user.email', 'release@example.com');
  await git('add', '-A');
  await git('commit', '--quiet', '-m', 'before');
  await git('remote', 'add', 'origin', path.join(root, 'remote'));
  await git('push', '--quiet', '--force', '-u', 'origin', 'main');
  const release = (...words: string[]) =>
    run(process.execPath, [releaseIt, 'minor', '--ci', ...words], { cwd: folder });
  const version = (file: string) => JSON.parse(readFileSync(path.join(folder, file), 'utf8')).version;
  return { folder, git, release, version };
}

const next = (version: string) =>
  version.replace(/^(\d+)\.(\d+)\..*$/, (_, major, minor) => `${major}.${Number(minor) + 1}.0`);

check(
  'npm run release -- --dry-run prints its steps and changes nothing',
  async () => {
    const { folder, git, release, version } = await repository('dry');
    const { stdout, stderr } = await release('--dry-run');
    const said = stdout + stderr;
    const expected = next(version('package.json'));
    for (const step of [
      'npm run lint',
      'npm run typecheck',
      `npm version ${expected} --workspaces`,
      'npm run build',
      'git push',
    ])
      expect(said).toContain(step);
    expect(said).toContain(`v${expected}`);
    expect((await git('status', '--porcelain')).stdout).toBe('');
    expect(readFileSync(path.join(folder, 'CHANGELOG.md'), 'utf8')).toBe(
      readFileSync('CHANGELOG.md', 'utf8'),
    );
  },
  60_000,
);

check(
  'a release gives all packages one version, dates the changelog, and pushes a tag',
  async () => {
    const { folder, git, release, version } = await repository('real', (settings) => ({
      ...settings,
      // Changes to the source are checked elsewhere.
      hooks: {
        'after:bump':
          'npm version ${version} --workspaces --no-git-tag-version --allow-same-version --no-workspaces-update',
      },
    }));
    const expected = next(version('package.json'));
    await release();
    for (const file of manifests) expect([file, version(file)]).toEqual([file, expected]);
    const changelog = readFileSync(path.join(folder, 'CHANGELOG.md'), 'utf8');
    expect(changelog).toMatch(
      new RegExp(`## \\[Unreleased\\]\\s+## \\[${expected}\\] - \\d{4}-\\d\\d-\\d\\d\\n`),
    );
    expect((await git('ls-remote', '--tags', 'origin')).stdout).toContain(`refs/tags/v${expected}`);
    expect((await git('status', '--porcelain')).stdout).toBe('');
  },
  60_000,
);
