import pg from 'pg';
import { together } from './measure.js';
import { serve } from './processes.js';

const handlers = { read, connect };
export type QueryHandlers = typeof handlers;
serve(handlers);

let pool: pg.Pool | undefined;

/** The two reads of a resolve, prepared as the service has them, and nothing around them. */
async function read(wanted: { url: string; atOnce: number; durationMs: number }): Promise<number> {
  pool ??= new pg.Pool({ connectionString: wanted.url, max: 20 });
  const open = pool;
  const keys = (await open.query('SELECT key, organization_id FROM api_keys')).rows;
  const { completed, elapsedMs } = await together(
    wanted.atOnce,
    { durationMs: wanted.durationMs },
    async (index) => {
      const { key, organization_id } = keys[index % keys.length];
      await open.query({ name: 'key', text: 'SELECT value FROM api_keys WHERE key = $1', values: [key] });
      await open.query({
        name: 'holders',
        text: `SELECT connections.value FROM claims JOIN connections ON connections.key = row_key
               WHERE space = 'scope ' || $1 AND claims.value = ANY($2)`,
        values: [
          organization_id,
          ['project-1/environment-1/web', 'project-1/environment-1', 'project-1', ''],
        ],
      });
    },
  );
  return (completed / elapsedMs) * 1000;
}

/** A session and the answer to a first question, milliseconds. */
async function connect({ url }: { url: string }): Promise<number> {
  const startedAt = performance.now();
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query('SELECT version FROM schema_version');
  await client.end();
  return performance.now() - startedAt;
}
