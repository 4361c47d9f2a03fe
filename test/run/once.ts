import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Does expensive work in the first test file of a run that asks for it; files in other workers wait for the result.
 *
 * @param work gets a folder that is removed when the run ends, and returns what JSON can hold
 */
export async function onceARun<Result>(
  name: string,
  work: (folder: string) => Promise<Result>,
): Promise<Result> {
  const run = process.env.TEST_RUN_DIR ?? mkdtempSync(join(tmpdir(), 'rolebridge-run-'));
  const folder = join(run, name);
  const outcome = `${folder}.json`;
  if (isFirst(folder)) {
    const result = await work(folder).then(
      (value) => ({ value }),
      (error: Error) => ({ error: error.stack ?? String(error) }),
    );
    writeFileSync(`${outcome}.new`, JSON.stringify(result));
    renameSync(`${outcome}.new`, outcome);
  }
  while (!existsSync(outcome)) await sleep(50);
  const result: { value: Result } | { error: string } = JSON.parse(readFileSync(outcome, 'utf8'));
  if ('error' in result) throw new Error(`${name}: ${result.error}`);
  return result.value;
}

function isFirst(folder: string): boolean {
  try {
    mkdirSync(folder);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}
