import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { RolebridgeError } from '../../domain/errors.js';
import type { StoredFacts } from '../../secrets/key-check.js';
import { messageOf } from '../../unknown-value.js';
import { fileOperations, ignoreMissingFile, parseJson, syncPath, writeTemporary } from './files.js';

const stored = z.record(z.string(), z.string());

/** `NAME.json` in a data directory. Only the process that has the directory writes. */
export function factsInDirectory(directory: string, name: string): StoredFacts {
  const path = join(directory, `${name}.json`);
  async function read() {
    const text = await readFile(path, 'utf8').catch((error) => {
      ignoreMissingFile(error);
      return '{}';
    });
    try {
      return parseJson(stored, text);
    } catch (error) {
      throw new RolebridgeError('store_unavailable', `${path} can't be used: ${messageOf(error)}.`, {
        remedy: 'Nothing was changed. Restore it from a backup of the data directory.',
      });
    }
  }
  /** An undefined member is not written. */
  async function write(facts: Readonly<Record<string, string | undefined>>): Promise<void> {
    await mkdir(directory, { recursive: true, mode: 0o700 });
    const temporary = await writeTemporary(directory, [Buffer.from(JSON.stringify(facts))], fileOperations);
    await fileOperations.rename(temporary, path);
    await syncPath(directory, fileOperations);
  }
  return {
    read,
    async add(facts) {
      const all = { ...facts, ...(await read()) };
      await write(all);
      return all;
    },
    set: async (facts) => write({ ...(await read()), ...facts }),
  };
}
