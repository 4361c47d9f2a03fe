import { existsSync, readdirSync } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { RolebridgeError } from '../../domain/errors.js';
import type { StoredFacts } from '../../secrets/key-check.js';
import type { ServiceKey } from '../../secrets/keyring.js';
import { messageOf } from '../../unknown-value.js';
import { IntegrityKeys } from '../integrity-keys.js';
import { fileOperations, inForm, syncDirectory, unlessAbsent, writeTemporary } from './files.js';

const form = z.record(z.string(), z.string());

/** `NAME.json` in a data directory. Only the process that has the directory writes. */
export function factsInDirectory(directory: string, name: string): StoredFacts {
  const path = join(directory, `${name}.json`);
  async function read() {
    const text = await readFile(path, 'utf8').catch((error) => {
      unlessAbsent(error);
      return '{}';
    });
    try {
      return inForm(form, text);
    } catch (error) {
      throw new RolebridgeError('store_unavailable', `${path} can't be used: ${messageOf(error)}.`, {
        remedy: 'Nothing was changed. Restore it from a backup of the data directory.',
      });
    }
  }
  async function write(facts: Record<string, string>): Promise<void> {
    await mkdir(directory, { recursive: true, mode: 0o700 });
    const temporary = await writeTemporary(directory, [Buffer.from(JSON.stringify(facts))], fileOperations);
    await fileOperations.rename(temporary, path);
    await syncDirectory(directory, fileOperations);
  }
  return {
    read,
    async add(facts) {
      const all = { ...facts, ...(await read()) };
      await write(all);
      return all;
    },
    async set(facts) {
      await write(form.parse(JSON.parse(JSON.stringify({ ...(await read()), ...facts }))));
    },
  };
}

/** The keys that sign what is in a data directory. */
export const integrityKeysIn = (
  directory: string,
  serviceKeys: readonly ServiceKey[] | undefined,
  { readOnly = false } = {},
): Promise<IntegrityKeys | undefined> =>
  IntegrityKeys.open(factsInDirectory(directory, 'integrity-keys'), serviceKeys, {
    readOnly,
    isEmpty: () =>
      ['organizations', 'audit']
        .map((folder) => join(directory, folder))
        .every((path) => !existsSync(path) || readdirSync(path).length === 0),
  });
