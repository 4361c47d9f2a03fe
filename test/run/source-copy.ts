import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';

export interface SourceCopy {
  readonly folder: string;
  /** Runs jest in the copy. */
  jest(...words: string[]): JestResult;
  remove(): void;
}

export interface JestResult {
  /** The names of tests that failed. */
  readonly failed: readonly string[];
  readonly passed: number;
  /** The output of jest. */
  readonly output: string;
}

/** The repository's files in another folder, beside links to the installed packages: faults there don't affect this copy. */
export function copySource(): SourceCopy {
  const folder = mkdtempSync(join(tmpdir(), 'rolebridge-copy-'));
  const listed = execFileSync('git', ['ls-files', '-co', '--exclude-standard'], { encoding: 'utf8' });
  for (const file of listed.split('\n')) {
    if (!existsSync(file)) continue;
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    cpSync(file, join(folder, file));
  }
  const { workspaces } = JSON.parse(readFileSync('package.json', 'utf8'));
  for (const modules of ['node_modules', ...workspaces.map((name: string) => join(name, 'node_modules'))])
    if (existsSync(modules)) symlinkSync(resolve(modules), join(folder, modules), 'dir');
  return {
    folder,
    jest(...words) {
      const report = join(folder, 'jest-report.json');
      rmSync(report, { force: true });
      const { stdout, stderr } = spawnSync(
        process.execPath,
        // A broken test may leave connections open.
        ['node_modules/jest/bin/jest.js', '--json', `--outputFile=${report}`, '--forceExit', ...words],
        { cwd: folder, encoding: 'utf8' },
      );
      const output = `${stdout}${stderr}`;
      if (!existsSync(report)) return { failed: [], passed: 0, output };
      const { testResults, numPassedTests } = JSON.parse(readFileSync(report, 'utf8')) as JestReport;
      const failed = testResults.flatMap(({ assertionResults }) =>
        assertionResults.filter(({ status }) => status === 'failed').map(({ fullName }) => fullName),
      );
      return { failed, passed: numPassedTests, output };
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

interface JestReport {
  readonly numPassedTests: number;
  readonly testResults: readonly {
    readonly assertionResults: readonly { readonly fullName: string; readonly status: string }[];
  }[];
}
