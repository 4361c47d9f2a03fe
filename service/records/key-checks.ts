import { randomBytes } from 'node:crypto';
import { mkdir, open, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import type pg from 'pg';
import { z } from 'zod';
import type { KeyCheckFile } from '../secrets/key-check.js';
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

function inDirectory(directory: string, name: string): KeyCheckFile {
  const path = join(directory, `${name}.json`);
  return {
    async read() {
      const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
        if (error.code === 'ENOENT') return '{}';
        throw error;
      });
      return stored.parse(JSON.parse(text));
    },
    async write(checks) {
      await mkdir(directory, { recursive: true, mode: 0o700 });
      const temporary = `${path}.${randomBytes(8).toString('hex')}`;
      const file = await open(temporary, 'wx', 0o600);
      await file.writeFile(JSON.stringify(checks));
      await file.sync();
      await file.close();
      await rename(temporary, path);
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
  return {
    read: () =>
      withClient(async (client) => {
        const { rows } = await client.query('SELECT to_regclass($1) IS NOT NULL AS there', [table]);
        if (!rows[0]?.there) return {};
        const found = await client.query(`SELECT id, value FROM ${table}`);
        return stored.parse(Object.fromEntries(found.rows.map(({ id, value }) => [id, value])));
      }),
    write: (checks) =>
      withClient(async (client) => {
        await client.query(`DELETE FROM ${table} WHERE NOT id = ANY($1)`, [Object.keys(checks)]);
        // Processes that start at once store the same.
        for (const [id, value] of Object.entries(checks))
          await client.query(
            `INSERT INTO ${table} (id, value) VALUES ($1, $2) ON CONFLICT (id) DO UPDATE SET value = $2`,
            [id, value],
          );
      }),
  };
}
