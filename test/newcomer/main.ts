/**
 * `npm run newcomer`: changes that a newcomer makes, kept as patches, applied to a copy of the source one by one. Each
 * must apply, touch no more files than it says, pass the type check, and pass its own tests. The third, a store backend,
 * has stayed: `test/contract/map-backend.ts` is the unit tests' store, and has to stay as small.
 */
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { copySource } from '../run/source-copy.js';

const folder = 'test/newcomer';
const backend = { file: 'test/contract/map-backend.ts', linesAtMost: 200 };
const backendLines = readFileSync(backend.file, 'utf8').split('\n').length - 1;
if (backendLines > backend.linesAtMost) {
  console.error(`${backend.file} has ${backendLines} lines, not ${backend.linesAtMost} at most.`);
  process.exitCode = 1;
} else console.log(`${backend.file}: ${backendLines} lines; \`npm test\` runs the store contract on it`);

for (const name of readdirSync(folder).filter((each) => each.endsWith('.patch'))) {
  const patch = readFileSync(`${folder}/${name}`, 'utf8');
  const [, limit = '0'] = /^At most (\d+) files? and a test\.$/m.exec(patch) ?? [];
  const changed = [...patch.matchAll(/^diff --git a\/\S+ b\/(\S+)$/gm)].map(([, file = '']) => file);
  const tests = changed.filter((file) => file.endsWith('.test.ts'));
  const others = changed.filter((file) => !file.endsWith('.test.ts'));
  const copy = copySource();
  try {
    if (others.length > Number(limit))
      throw new Error(`changes ${others.length} files, not ${limit}: ${others.join(', ')}`);
    // Lines nearby may have changed since: one line around each place has to be the same.
    execFileSync('git', ['apply', '-C1', resolve(folder, name)], {
      cwd: copy.folder,
      stdio: 'pipe',
      // The copy is no repository, and must not be taken for a part of one.
      env: { ...process.env, GIT_CEILING_DIRECTORIES: resolve(copy.folder, '..') },
    });
    execFileSync(process.execPath, ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.json'], {
      cwd: copy.folder,
      stdio: 'pipe',
    });
    const { failed, passed, output } = copy.jest('--runTestsByPath', ...tests);
    if (passed === 0 || failed.length > 0) throw new Error(output);
    console.log(`${name}: ${others.length} files, ${passed} tests passed`);
  } catch (error) {
    const { stdout = '', stderr = '', message } = error as Error & { stdout?: string; stderr?: string };
    console.error(`${name}: FAILED\n${message}\n${stdout}${stderr}`);
    process.exitCode = 1;
  } finally {
    copy.remove();
  }
}
