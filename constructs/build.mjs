/**
 * Builds the package: the same source compiled for cdktf (`dist/`) and, with the names of the modules exchanged,
 * for cdktn (`dist/cdktn/`). Compiled, and not only renamed, so that each is checked against the types it is for.
 */
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { buildCallback } from './callback/build.mjs';

const here = import.meta.dirname;
const dist = path.join(here, 'dist');
const sourceForCdktn = path.join(dist, 'source-for-cdktn');
/** Of the constructs; `init` is for both. */
const SOURCE_FOLDERS = ['.', 'iam', 'props'];
const SCRIPT = 'callback-script/rolebridge-callback.cjs';

const tsc = createRequire(import.meta.url).resolve('typescript/bin/tsc');
/** @param {string} folder */
const compile = (folder) =>
  execFileSync(process.execPath, [tsc, '-p', path.join(folder, 'tsconfig.build.json')], { stdio: 'inherit' });

rmSync(dist, { recursive: true, force: true });
await buildCallback();
compile(here);

writeSourceForCdktn();
compile(sourceForCdktn);
rmSync(sourceForCdktn, { recursive: true });

for (const folder of [dist, path.join(dist, 'cdktn')]) {
  mkdirSync(path.join(folder, 'callback-script'), { recursive: true });
  cpSync(path.join(here, SCRIPT), path.join(folder, SCRIPT));
}

/** Below this folder, so that the same packages are found from it. */
function writeSourceForCdktn() {
  for (const folder of SOURCE_FOLDERS) {
    mkdirSync(path.join(sourceForCdktn, folder), { recursive: true });
    for (const name of readdirSync(path.join(here, folder)).filter((each) => each.endsWith('.ts'))) {
      const source = readFileSync(path.join(here, folder, name), 'utf8');
      writeFileSync(path.join(sourceForCdktn, folder, name), forCdktn(source));
    }
  }
  const settings = {
    extends: '../../tsconfig.build.json',
    compilerOptions: { outDir: '../cdktn', rootDir: '.' },
    include: SOURCE_FOLDERS.map((folder) => `${folder}/*.ts`),
    exclude: [],
  };
  writeFileSync(path.join(sourceForCdktn, 'tsconfig.build.json'), JSON.stringify(settings));
}

/** @param {string} source */
function forCdktn(source) {
  return source
    .replaceAll("'cdktf'", "'cdktn'")
    .replaceAll("'@cdktf/provider-aws/", "'@cdktn/provider-aws/")
    .replaceAll('`cdktf ', '`cdktn ')
    .replaceAll('@rolebridge/constructs`', '@rolebridge/constructs/cdktn`');
}
