/**
 * Builds the callback from its one source into each place that runs it: the construct and the Terraform module as a
 * file, the one-file Terraform configuration and the Lambda functions as text. Nothing of it is in git.
 */
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { build } from 'esbuild';

const repository = path.join(import.meta.dirname, '..', '..');

/** @type {{ entry: string, minify?: boolean, to: string[] }[]} */
const OUTPUTS = [
  {
    entry: 'script.ts',
    to: [
      'constructs/callback-script/rolebridge-callback.cjs',
      'service/terraform-module/rolebridge-callback.cjs',
    ],
  },
  { entry: 'script.ts', minify: true, to: ['service/templates/built/script.cjs'] },
  { entry: 'lambda-callback.ts', minify: true, to: ['service/templates/built/lambda-callback.cjs'] },
  { entry: 'lambda-enrollment.ts', minify: true, to: ['service/templates/built/lambda-enrollment.cjs'] },
];

export async function buildCallback() {
  for (const { entry, minify = false, to } of OUTPUTS) {
    const {
      outputFiles: [output],
    } = await build({
      entryPoints: [path.join(import.meta.dirname, entry)],
      bundle: true,
      // esbuild writes paths relative to this folder into the output: the same bytes, whoever starts the build.
      absWorkingDir: repository,
      write: false,
      platform: 'node',
      format: 'cjs',
      target: 'node18',
      minify,
      charset: 'ascii',
    });
    for (const name of to) replace(path.join(repository, name), output?.text ?? '');
  }
}

/**
 * In one step, and only if it changed: another build or a test may be reading it. @param {string} file
 * @param {string} text
 */
function replace(file, text) {
  if (existsSync(file) && readFileSync(file, 'utf8') === text) return;
  mkdirSync(path.dirname(file), { recursive: true });
  const temporary = `${file}.${process.pid}`;
  writeFileSync(temporary, text);
  renameSync(temporary, file);
}

if (process.argv[1] === import.meta.filename) await buildCallback();
