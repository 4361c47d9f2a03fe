import type pg from 'pg';
import { z } from 'zod';
import type { StoredFacts } from '../../secrets/key-check.js';
import { withSession } from './migrate.js';

const stored = z.record(z.string(), z.string());

/** A table with `id` and `value`, in separate sessions: it is read before the schema exists. */
export function factsInDatabase(url: string, table: string): StoredFacts {
  const withClient = <Result>(work: (client: pg.ClientBase) => Promise<Result>) => withSession({ url }, work);
  const all = async (client: pg.ClientBase) => {
    const { rows } = await client.query(`SELECT id, value FROM ${table}`);
    return stored.parse(Object.fromEntries(rows.map(({ id, value }) => [id, value])));
  };
  const insert = `INSERT INTO ${table} (id, value) VALUES ($1, $2) ON CONFLICT (id)`;
  return {
    read: () =>
      withClient(async (client) => {
        const { rows } = await client.query('SELECT to_regclass($1) IS NOT NULL AS there', [table]);
        return rows[0]?.there ? all(client) : {};
      }),
    add: (facts) =>
      withClient(async (client) => {
        // Of two concurrent starts, the primary key keeps the first.
        for (const entry of Object.entries(facts)) await client.query(`${insert} DO NOTHING`, entry);
        return all(client);
      }),
    set: (facts) =>
      withClient(async (client) => {
        await client.query('BEGIN');
        for (const [id, value] of Object.entries(facts))
          if (value === undefined) await client.query(`DELETE FROM ${table} WHERE id = $1`, [id]);
          else await client.query(`${insert} DO UPDATE SET value = excluded.value`, [id, value]);
        await client.query('COMMIT');
      }),
  };
}
