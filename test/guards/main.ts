/**
 * `npm run guards`: removes one guard of the product at a time, in a copy of the source, and runs the test that is named
 * beside it, which must fail. `-- --slice` takes every eighth guard, `-- WORD` those whose name contains the word.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { copySource, type SourceCopy } from '../run/source-copy.js';
import { type Guard, guards } from './guards.js';

const usage = `npm run guards                    removes each guard (6 minutes)
npm run guards -- --slice         each eighth
npm run guards -- 'PART OF NAME'  those whose names contain it`;

function main(): void {
  const { values, positionals } = parseArgs({
    options: { slice: { type: 'boolean' }, help: { type: 'boolean' } },
    allowPositionals: true,
  });
  if (values.help) {
    console.log(usage);
    return;
  }
  const [word = ''] = positionals;
  const chosen = guards.filter(
    ({ name }, place) => (!values.slice || place % 8 === 0) && name.includes(word),
  );
  if (chosen.length === 0) throw new Error(`No guard's name contains "${word}".`);
  const copy = copySource();
  try {
    const intact = copy.jest(
      '--selectProjects',
      'unit',
      'service',
      'slow',
      '--runTestsByPath',
      ...testFilesOf(chosen),
    );
    const wrong = intact.failed.map((name) => `With every guard in place, this test fails: ${name}`);
    for (const guard of chosen) {
      const startedAt = performance.now();
      const fault = faultOf(guard, copy);
      const seconds = Math.round((performance.now() - startedAt) / 1000);
      console.log(`${fault === undefined ? 'noticed' : 'NOT NOTICED'}  ${guard.name} (${seconds} s)`);
      if (fault !== undefined) wrong.push(`${guard.name}: ${fault}`);
    }
    console.log(`guards: ${chosen.length} removed, ${wrong.length} faults`);
    for (const line of wrong) console.error(`  ${line}`);
    if (wrong.length > 0) process.exitCode = 1;
  } finally {
    copy.remove();
  }
}

const testFilesOf = (chosen: readonly Guard[]) => [...new Set(chosen.map(({ test }) => test))];

/** Undefined when the named test detects the removal. */
function faultOf(
  { file, guard, without = '', test, title = '.' }: Guard,
  copy: SourceCopy,
): string | undefined {
  const path = join(copy.folder, file);
  const source = readFileSync(path, 'utf8');
  const found = source.split(guard).length - 1;
  if (found !== 1) return `its code is ${found} times in ${file}, not once`;
  try {
    writeFileSync(
      path,
      source.replace(guard, () => without),
    );
    const { failed, passed, output } = copy.jest('--runTestsByPath', test, '--testNamePattern', title);
    if (failed.length > 0) return undefined;
    return passed > 0 ? `${test} “${title}” passes without it` : `${test} “${title}” did not run:\n${output}`;
  } finally {
    writeFileSync(path, source);
  }
}

main();
