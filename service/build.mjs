/** Builds the package: compiled, with the files beside the code that it reads when it runs. */
import { execFileSync } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { build } from 'esbuild';
import { buildCallback } from '../constructs/callback/build.mjs';

const here = import.meta.dirname;
const dist = path.join(here, 'dist');
const tsc = createRequire(import.meta.url).resolve('typescript/bin/tsc');

rmSync(dist, { recursive: true, force: true });
await buildCallback();
execFileSync(process.execPath, [tsc, '-p', path.join(here, 'tsconfig.build.json')], { stdio: 'inherit' });
for (const folder of ['web/public', 'terraform-module', 'templates/built'])
  cpSync(path.join(here, folder), path.join(dist, 'service', folder), { recursive: true });
chmodSync(path.join(dist, 'service/main.js'), 0o755);
const command = path.join(dist, 'service/cli/rolebridge.cjs');
await build({
  entryPoints: [path.join(here, 'cli/start.ts')],
  outfile: command,
  bundle: true,
  minify: true,
  platform: 'node',
  target: 'node20',
  format: 'cjs',
  // Modules that only some runs load.
  external: ['../main.js', '../proxy-agent.js', './commands-in.js', './table.js'],
  banner: { js: '#!/usr/bin/env node' },
  // The licenses of bundled packages.
  legalComments: 'inline',
});
chmodSync(command, 0o755);

// The documents, alerts and dashboard of this version. Links outside docs/ lead to the repository.
const repository = 'https://github.com/rolebridge/rolebridge/blob/main/';
const docs = path.join(here, '../docs');
mkdirSync(path.join(dist, 'docs'));
cpSync(path.join(docs, 'operations'), path.join(dist, 'docs/operations'), { recursive: true });
for (const name of readdirSync(docs).filter((file) => file.endsWith('.md'))) {
  const text = readFileSync(path.join(docs, name), 'utf8')
    .replaceAll('](../', `](${repository}`)
    .replace(/\]\((?=(screenshots|api|public|adr)\/)/g, `](${repository}docs/`);
  writeFileSync(path.join(dist, 'docs', name), text);
}
