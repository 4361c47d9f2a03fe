import { fork } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { resolve } from 'node:path';
import { type Child, childOf } from '../bench/processes.js';
import type { PostgresHandlers, PostgresWanted } from './server-process.js';

/** A real PostgreSQL from npm, on a free port of the loopback, that goes with whoever started it. */
export interface PostgresServer {
  /** The URL of a schema of its own, empty; what is made in it is seen in no other. */
  newSchema(): Promise<string>;
  stop(): Promise<void>;
  start(): Promise<void>;
  /** Every process of it at once, as when the machine goes. */
  kill(): Promise<void>;
  /** It takes connections and answers nothing until `proceed`. */
  pause(): Promise<void>;
  proceed(): Promise<void>;
  /** For statements that a test makes itself. */
  readonly url: string;
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
  const url = `postgres://rolebridge:rolebridge@127.0.0.1:${port}/postgres`;
  return {
    url,
    async newSchema() {
      const schema = `test_${randomBytes(6).toString('hex')}`;
      await server.call('createSchema', { schema });
      return `${url}?options=${encodeURIComponent(`-c search_path=${schema}`)}`;
    },
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
