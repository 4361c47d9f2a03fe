/**
 * Builds the package: the same source compiled for cdktf (`dist/`) and, with the names of the modules exchanged,
 * for cdktn (`dist/cdktn/`). Compiled, and not only renamed, so that each is checked against the types it is for.
 */
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { buildCallback } from './callback/build.mjs';
import { SOURCE_FOLDERS, writeSource } from './sources.mjs';

const here = import.meta.dirname;
const dist = path.join(here, 'dist');
const sourceForCdktn = path.join(dist, 'source-for-cdktn');
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

/** Writes below this folder, so that Node.js finds the same packages from there. */
function writeSourceForCdktn() {
  writeSource(sourceForCdktn, 'cdktn');
  const settings = {
    extends: '../../tsconfig.build.json',
    compilerOptions: { outDir: '../cdktn', rootDir: '.' },
    include: SOURCE_FOLDERS.map((folder) => `${folder}/*.ts`),
    exclude: [],
  };
  writeFileSync(path.join(sourceForCdktn, 'tsconfig.build.json'), JSON.stringify(settings));
}
