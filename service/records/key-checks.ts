import { mkdir, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import type pg from 'pg';
import { z } from 'zod';
import { RolebridgeError } from '../domain/errors.js';
import type { KeyCheckFile } from '../secrets/key-check.js';
import { messageOf } from '../unknown-value.js';
import { fileOperations, inForm, writeTemporary } from './lowdb/files.js';
import type { StoreChoice } from './open.js';
import { parseAddress } from './postgres/address.js';
import { clientOf } from './postgres/sessions.js';

const stored = z.record(z.string(), z.string());

export const keyCheckFile = (choice: StoreChoice): KeyCheckFile => factsFile(choice, 'service-key-checks');

/** Which versions of permission sets were served, with their hashes. */
export const servedPermissionSets = (choice: StoreChoice): KeyCheckFile =>
  factsFile(choice, 'served-permission-sets');

/** A few texts by id that belong to no organization: a file in the data directory, or a table. */
const factsFile = ({ dataDirectory, database }: StoreChoice, name: string): KeyCheckFile =>
  database === undefined
    ? inDirectory(dataDirectory, name)
    : inDatabase(database.url, name.replaceAll('-', '_'));

/** Of the one process that has the directory. */
function inDirectory(directory: string, name: string): KeyCheckFile {
  const path = join(directory, `${name}.json`);
  async function read() {
    const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return '{}';
      throw error;
    });
    try {
      return inForm(stored, text);
    } catch (error) {
      throw new RolebridgeError('store_unavailable', `${path} can't be used: ${messageOf(error)}.`, {
        remedy:
          'Restore it from a backup, or delete it: the next start writes it again, and takes the service keys and permission sets of that start for the right ones.',
      });
    }
  }
  async function write(checks: Record<string, string>): Promise<void> {
    await mkdir(directory, { recursive: true, mode: 0o700 });
    const temporary = await writeTemporary(directory, [Buffer.from(JSON.stringify(checks))], fileOperations);
    await rename(temporary, path);
  }
  return {
    read,
    async add(checks) {
      const all = { ...checks, ...(await read()) };
      await write(all);
      return all;
    },
  };
}

function inDatabase(url: string, table: string): KeyCheckFile {
  async function withClient<Result>(work: (client: pg.Client) => Promise<Result>): Promise<Result> {
    const address = parseAddress(url);
    const client = new (clientOf(address))({
      connectionString: address.urls[0],
      application_name: 'rolebridge',
      connectionTimeoutMillis: 3_000,
      query_timeout: 5_000,
    });
    client.on('error', () => {});
    try {
      await client.connect();
      return await work(client);
    } finally {
      await client.end().catch(() => {});
    }
  }
  const all = async (client: pg.Client) => {
    const { rows } = await client.query(`SELECT id, value FROM ${table}`);
    return stored.parse(Object.fromEntries(rows.map(({ id, value }) => [id, value])));
  };
  return {
    read: () =>
      withClient(async (client) => {
        const { rows } = await client.query('SELECT to_regclass($1) IS NOT NULL AS there', [table]);
        return rows[0]?.there ? all(client) : {};
      }),
    add: (checks) =>
      withClient(async (client) => {
        // Of two that start at once the primary key takes the first.
        for (const [id, value] of Object.entries(checks))
          await client.query(`INSERT INTO ${table} (id, value) VALUES ($1, $2) ON CONFLICT (id) DO NOTHING`, [
            id,
            value,
          ]);
        return all(client);
      }),
  };
}
