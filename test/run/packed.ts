import { execFileSync } from 'node:child_process';
import { join, resolve } from 'node:path';
import { onceARun } from './once.js';

export interface Tarball {
  readonly file: string;
  /** The paths of the files in it. */
  readonly files: readonly string[];
}

/** A workspace built and packed as `npm publish` does it, once for all test files of a run. */
export const packed = (workspace: string): Promise<Tarball> =>
  onceARun(`packed-${workspace}`, async (folder) => {
    const printed = execFileSync('npm', ['pack', '--json', '--silent', '--pack-destination', folder], {
      cwd: resolve(workspace),
      encoding: 'utf8',
      maxBuffer: 16 * 1024 * 1024,
    });
    // The build prints before it.
    const [{ filename, files }] = JSON.parse(printed.replace(/^[^[]*/, ''));
    return { file: join(folder, filename), files: files.map(({ path }: { path: string }) => path) };
  });
