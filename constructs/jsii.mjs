/**
 * Compiles the public API of both variants with jsii, and compares it with the kept one: `node jsii.mjs`. After a change
 * on purpose: `node jsii.mjs --update`. Nothing is published in other languages; this keeps it possible.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { writeSource } from './sources.mjs';

const here = import.meta.dirname;
const baseline = path.join(here, 'api.jsii.json');
const require = createRequire(import.meta.url);
const root = mkdtempSync(path.join(tmpdir(), 'rolebridge-jsii-'));

try {
  symlinkSync(path.join(here, '..', 'node_modules'), path.join(root, 'node_modules'));
  const cdktf = compile('cdktf');
  compile('cdktn');
  if (process.argv.includes('--update')) {
    writeFileSync(baseline, JSON.stringify(api(cdktf), null, 2));
    run('@biomejs/biome', ['format', '--write', baseline], here, 'bin/biome');
  }
  compare(cdktf);
  // An addition is compatible, and has to be kept too: tests take the props from the kept API.
  if (JSON.stringify(api(cdktf)) !== JSON.stringify(readJson(baseline)))
    throw new Error('The API has something new. Keep it: npm run jsii -- --update');
  process.stdout.write('jsii compiles cdktf and cdktn; the API is the one in constructs/api.jsii.json.\n');
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : error}\n`);
  process.exitCode = 1;
} finally {
  rmSync(root, { recursive: true, force: true });
}

/** @param {'cdktf' | 'cdktn'} cdk */
function compile(cdk) {
  const folder = path.join(root, cdk);
  writeSource(folder, cdk);
  const { name, version, description, license, repository, engines } = readJson(
    path.join(here, 'package.json'),
  );
  const { devDependencies } = readJson(path.join(here, '..', 'package.json'));
  const peers = Object.fromEntries(
    [cdk, `@${cdk}/provider-aws`, 'constructs'].map((peer) => [peer, devDependencies[peer]]),
  );
  writeFileSync(
    path.join(folder, 'package.json'),
    JSON.stringify({
      ...{ name, version, description, license, repository, engines },
      author: { name: 'Rolebridge', organization: true },
      main: 'index.js',
      types: 'index.d.ts',
      stability: 'stable',
      jsii: { outdir: 'dist', targets: {} },
      peerDependencies: peers,
      devDependencies: peers,
    }),
  );
  writeFileSync(path.join(folder, 'README.md'), `# ${name}\n`);
  run('jsii', ['--silence-warnings', 'reserved-word'], folder);
  return folder;
}

/** @param {string} folder */
function compare(folder) {
  const old = path.join(root, 'old');
  mkdirSync(old);
  writeFileSync(path.join(old, '.jsii'), readFileSync(baseline));
  writeFileSync(path.join(old, 'package.json'), readFileSync(path.join(folder, 'package.json')));
  run('jsii-diff', ['--error-on', 'all', old, folder], root);
}

/** The API without texts and source locations. @param {string} folder */
function api(folder) {
  const assembly = readJson(path.join(folder, '.jsii'));
  return { ...without(assembly), dependencyClosure: {}, fingerprint: '*' };
}

/** @param {unknown} value @returns {object} */
function without(value) {
  const left = ['docs', 'locationInModule', 'symbolId', 'readme'];
  if (Array.isArray(value)) return value.map(without);
  if (typeof value !== 'object' || value === null) return /** @type {any} */ (value);
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, each]) => (left.includes(key) ? [] : [[key, without(each)]])),
  );
}

/** Prints the tool's output only when it fails: on Node 20 it is a banner. @param {string} tool @param {string[]} words @param {string} cwd @param {string} [bin] */
function run(tool, words, cwd, bin = `bin/${tool}`) {
  const program = require.resolve(`${tool}/${bin}`);
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, ...words], {
    cwd,
    encoding: 'utf8',
  });
  if (status === 0) return;
  process.stderr.write(`${stdout}${stderr}`.replace(/^!!.*\n/gm, ''));
  throw new Error(`${tool} found the differences above. After an intended change: npm run jsii -- --update`);
}

/** @param {string} file */
function readJson(file) {
  return JSON.parse(readFileSync(file, 'utf8'));
}
