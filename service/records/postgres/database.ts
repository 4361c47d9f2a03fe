import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import type { z } from 'zod';
import { RolebridgeError } from '../../domain/errors.js';
import { DatabaseError, endsSession, isConflict, isSilence, verificationFailed } from './database-error.js';

export interface DatabaseOptions {
  /** `postgres://USER:PASSWORD@HOST:PORT/DATABASE?sslmode=verify-full`, as node-postgres reads it. */
  readonly url: string;
  /** Sessions of this process at most. @default 10 */
  readonly maxSessions?: number | undefined;
  /** How long a request waits for a session. @default 3000 */
  readonly connectTimeoutMs?: number | undefined;
  /** How long one statement may take, waiting for locks included. @default 5000 */
  readonly statementTimeoutMs?: number | undefined;
}

/** SQL with the schema of its rows. The name makes it a prepared statement: parsed and planned once in a session. */
export interface Statement<Row> {
  readonly name: string;
  readonly text: string;
  readonly row: z.ZodType<Row>;
}

export interface Session {
  query<Row>(statement: Statement<Row>, values: readonly unknown[]): Promise<Row[]>;
}

/** More than one retry is rare; a conflict that lasts is answered with "try again". */
const maxTries = 8;

/**
 * After the server left somebody without an answer, all are refused at once for this long: no request waits out the
 * limit once for each thing that it needs.
 */
const silenceMs = 1_000;

/** The sessions of this process. No wait is without an end: for a session, for the server, for the network. */
export class Database implements Session {
  readonly #pool: pg.Pool;
  #closing: Promise<void> | undefined;
  #silentUntilMs = 0;

  constructor(options: DatabaseOptions) {
    const statementTimeoutMs = options.statementTimeoutMs ?? 5_000;
    this.#pool = new pg.Pool({
      connectionString: options.url,
      application_name: 'rolebridge',
      max: options.maxSessions ?? 10,
      connectionTimeoutMillis: options.connectTimeoutMs ?? 3_000,
      // The server's own limit ends the statement and its locks; ours is for a server or network that says nothing.
      statement_timeout: statementTimeoutMs,
      query_timeout: statementTimeoutMs + 1_000,
      // A process that stops in the middle of a transaction must not hold its locks against the others.
      idle_in_transaction_session_timeout: 2 * statementTimeoutMs,
      idleTimeoutMillis: 60_000,
      keepAlive: true,
    });
    // Sessions end when the server does; the next query makes new ones. Unheard, the event would end the process.
    this.#pool.on('error', () => {});
    this.#pool.on('connect', (client) => client.on('error', () => {}));
  }

  /** In a transaction of its own. */
  query<Row>(statement: Statement<Row>, values: readonly unknown[]): Promise<Row[]> {
    return this.#attempt((client) => run(client, statement, values));
  }

  /** All of it or nothing; `work` runs again when another transaction was in its way. */
  transaction<Result>(work: (session: Session) => Promise<Result>): Promise<Result> {
    return this.#attempt(async (client) => {
      await control(client, 'BEGIN');
      let result: Result;
      try {
        result = await work({ query: (statement, values) => run(client, statement, values) });
      } catch (error) {
        if (!(error instanceof DatabaseError) || !endsSession(error)) await control(client, 'ROLLBACK');
        throw error;
      }
      await control(client, 'COMMIT');
      return result;
    });
  }

  close(): Promise<void> {
    this.#closing ??= this.#pool.end();
    return this.#closing;
  }

  async #attempt<Result>(work: (client: pg.PoolClient) => Promise<Result>): Promise<Result> {
    for (let tries = 1; ; tries++) {
      try {
        return await this.#withClient(work);
      } catch (error) {
        const again = error instanceof Retry || (error instanceof DatabaseError && isConflict(error));
        if (!again) throw error instanceof DatabaseError ? verificationFailed(error) : error;
        if (tries === maxTries) throw tooManyConflicts(error);
        await sleep(Math.random() * 10 * 2 ** tries);
      }
    }
  }

  async #withClient<Result>(work: (client: pg.PoolClient) => Promise<Result>): Promise<Result> {
    if (this.#closing) throw new RolebridgeError('store_unavailable', 'The store is closed.');
    if (performance.now() < this.#silentUntilMs)
      throw new DatabaseError(new Error('the server did not answer a moment ago'));
    const client = await this.#pool.connect().catch((error) => {
      throw this.#heard(new DatabaseError(error));
    });
    let isUsable = false;
    try {
      const result = await work(client);
      isUsable = true;
      return result;
    } catch (error) {
      isUsable = !(error instanceof DatabaseError) || !endsSession(error);
      throw error instanceof DatabaseError ? this.#heard(error) : error;
    } finally {
      client.release(!isUsable);
    }
  }

  #heard(error: DatabaseError): DatabaseError {
    if (isSilence(error)) this.#silentUntilMs = performance.now() + silenceMs;
    return error;
  }
}

/** Thrown inside a transaction whose reads no longer fit together: it begins again. */
export class Retry extends Error {}

export const statement = <Row>(name: string, row: z.ZodType<Row>, text: string): Statement<Row> => ({
  name: `rolebridge_${name}`,
  text,
  row,
});

async function run<Row>(
  client: pg.ClientBase,
  { name, text, row }: Statement<Row>,
  values: readonly unknown[],
): Promise<Row[]> {
  const { rows } = await client.query({ name, text, values: [...values] }).catch((error) => {
    throw new DatabaseError(error);
  });
  return rows.map((found) => row.parse(found));
}

async function control(client: pg.ClientBase, text: 'BEGIN' | 'COMMIT' | 'ROLLBACK'): Promise<void> {
  await client.query(text).catch((error) => {
    throw new DatabaseError(error);
  });
}

const tooManyConflicts = (cause: unknown): RolebridgeError =>
  new RolebridgeError('store_unavailable', 'Other changes were in the way each time it was tried.', {
    remedy: 'Nothing was changed. Try again.',
    retryAfterSeconds: 1,
    cause,
  });
