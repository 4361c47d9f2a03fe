/** Builds the package: compiled, with the files beside the code that it reads when it runs. */
import { execFileSync } from 'node:child_process';
import { chmodSync, cpSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { buildCallback } from '../constructs/callback/build.mjs';

const here = import.meta.dirname;
const dist = path.join(here, 'dist');
const tsc = createRequire(import.meta.url).resolve('typescript/bin/tsc');

rmSync(dist, { recursive: true, force: true });
await buildCallback();
execFileSync(process.execPath, [tsc, '-p', path.join(here, 'tsconfig.build.json')], { stdio: 'inherit' });
for (const folder of ['web/public', 'terraform-module', 'templates/built'])
  cpSync(path.join(here, folder), path.join(dist, folder), { recursive: true });
chmodSync(path.join(dist, 'main.js'), 0o755);
