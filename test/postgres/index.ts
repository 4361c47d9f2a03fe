import { fork } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import pg from 'pg';
import { type Child, childOf } from '../bench/processes.js';
import { onceARun } from '../run/once.js';
import type { PostgresHandlers, PostgresWanted } from './server-process.js';

export interface PostgresDatabase {
  /** The URL of a new, empty schema; tables made in it are seen in no other. */
  newSchema(): Promise<string>;
  /** For statements that a test makes itself. */
  readonly url: string;
}

/** A real PostgreSQL from npm, on a free port of the loopback, that ends with the process that started it. */
export interface PostgresServer extends PostgresDatabase {
  stop(): Promise<void>;
  start(): Promise<void>;
  /** Every process of it at once, as when the machine goes. */
  kill(): Promise<void>;
  /** It takes connections and answers nothing until `proceed`. */
  pause(): Promise<void>;
  proceed(): Promise<void>;
  /** Ends it and removes its data. */
  dispose(): Promise<void>;
}

export async function startPostgres(wanted: PostgresWanted = {}): Promise<PostgresServer> {
  const process = fork(resolve('test/postgres/server-process.ts'), {
    execArgv: ['--import', 'tsx'],
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const server: Child<PostgresHandlers> = childOf(process);
  const { port } = await server.call('start', wanted);
  return {
    ...databaseAt(port),
    stop: () => server.call('stop', undefined),
    start: () => server.call('startAgain', undefined),
    kill: () => server.call('killHard', undefined),
    pause: () => server.call('pause', undefined),
    proceed: () => server.call('proceed', undefined),
    async dispose() {
      const ended = new Promise((resolveEnd) => process.once('exit', resolveEnd));
      process.disconnect();
      await ended;
    },
  };
}

/** The PostgreSQL that all test files of a run share: for tests that neither stop it nor set it up in their own way. */
export async function sharedPostgres(): Promise<PostgresDatabase> {
  return databaseAt(
    await onceARun('postgres', async (folder) => {
      const child = fork(resolve('test/postgres/server-process.ts'), {
        execArgv: ['--import', 'tsx'],
        stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
        // The last test file may run in another worker.
        detached: true,
        env: { ...process.env, ENDS_WITH_PROCESS: process.env.TEST_RUNNER_PID ?? String(process.pid) },
      });
      writeFileSync(join(folder, 'pid'), String(child.pid));
      const { port } = await childOf<PostgresHandlers>(child).call('start', {
        settings: ['max_connections=300', 'fsync=off'],
      });
      child.disconnect();
      child.unref();
      return port;
    }),
  );
}

function databaseAt(port: number): PostgresDatabase {
  const url = `postgres://rolebridge:rolebridge@127.0.0.1:${port}/postgres`;
  return {
    url,
    async newSchema() {
      const schema = `test_${randomBytes(6).toString('hex')}`;
      const client = new pg.Client(url);
      await client.connect();
      await client.query(`CREATE SCHEMA ${schema}`).finally(() => client.end());
      return `${url}?options=${encodeURIComponent(`-c search_path=${schema}`)}`;
    },
  };
}
