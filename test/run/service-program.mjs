import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { build, stop } from 'esbuild';

const built = resolve('.built');
const workspaces = ['service', 'client', 'aws-sandbox'].filter((name) => existsSync(name));

/** The service's program, compiled: from the source with tsx, a process takes twice the CPU time to start. */
export const serviceProgram = join(built, 'service/main.js');

/** Compiles each module separately into `.built/`, beside links to the modules' data and imports. */
export async function transpileService() {
  for (const workspace of workspaces) {
    const { outputFiles } = await build({
      entryPoints: sourcesIn(workspace),
      outbase: workspace,
      outdir: join(built, workspace),
      format: 'esm',
      platform: 'node',
      target: 'node20',
      // Line numbers of the source in a process's output.
      sourcemap: 'inline',
      write: false,
    });
    for (const { path, contents } of outputFiles) writeIfChanged(path, contents);
    const settings = readFileSync(join(workspace, 'package.json'), 'utf8');
    writeIfChanged(
      join(built, workspace, 'package.json'),
      Buffer.from(settings.replaceAll('"./dist/', '"./')),
    );
    linkAssets(workspace);
    link(join(built, workspace), join(built, 'node_modules/@rolebridge', workspace));
  }
  await stop();
}

const leftOut = new Set(['dist', 'node_modules', 'public']);

/** @param {string} folder @returns {string[]} */
function sourcesIn(folder) {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return leftOut.has(entry.name) ? [] : sourcesIn(path);
    return /(?<!\.d)\.tsx?$/.test(entry.name) ? [path] : [];
  });
}

/**
 * Folders without source hold what modules read when they run.
 *
 * @param {string} folder
 */
function linkAssets(folder) {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (!entry.isDirectory() || entry.name === 'dist') continue;
    if (entry.name === 'node_modules' || sourcesIn(path).length === 0) link(resolve(path), join(built, path));
    else linkAssets(path);
  }
}

/** @param {string} target @param {string} path */
function link(target, path) {
  mkdirSync(dirname(path), { recursive: true });
  try {
    symlinkSync(target, path, 'junction');
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code !== 'EEXIST') throw error;
  }
}

/**
 * Another run may be reading it.
 *
 * @param {string} path
 * @param {Uint8Array} contents
 */
function writeIfChanged(path, contents) {
  if (existsSync(path) && readFileSync(path).equals(contents)) return;
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, contents);
}
