import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import type { z } from 'zod';
import { RolebridgeError } from '../../domain/errors.js';
import { type DatabaseAddress, parseAddress } from './address.js';
import { DatabaseError, endsSession, isConflict, isSilence, storeError } from './database-error.js';
import { migrations } from './migrations.js';

export interface DatabaseOptions {
  /** `postgres://USER:PASSWORD@HOST:PORT[,HOST:PORT…]/DATABASE?sslmode=verify-full&target_session_attrs=read-write` */
  readonly url: string;
  /** Sessions of this process at most. @default 10 */
  readonly maxSessions?: number | undefined;
  /** How long a request waits for a session. @default 3000 */
  readonly connectTimeoutMs?: number | undefined;
  /** How long one statement may take, waiting for locks included. @default 5000 */
  readonly statementTimeoutMs?: number | undefined;
  /** A session is replaced after this time, so that one leads to where the address leads now. @default 300 */
  readonly sessionLifetimeSeconds?: number | undefined;
}

export interface Session {
  query<Row>(row: z.ZodType<Row>, text: string, values?: readonly unknown[]): Promise<Row[]>;
}

/** Ids count up: `i9` is before `i10`. */
const newestKey =
  '(SELECT id FROM integrity_keys ORDER BY length(id) DESC, id DESC LIMIT 1) AS integrity_key';
/** More than one retry is rare; a conflict that lasts is answered with "try again". */
const maxTries = 8;
/** After the server left a request without an answer, all are refused at once for this long. */
const silenceMs = 1_000;

/**
 * The sessions of this process. No wait is without an end: for a session, for the server, for the network. Nothing
 * outlives a transaction in a session (no named prepared statement, no setting), so that PgBouncer in transaction mode
 * can stand between.
 */
export class Sessions implements Session {
  readonly #pool: pg.Pool;
  readonly #hosts: number;
  readonly #begin: string;
  #closing: Promise<void> | undefined;
  /** Hears at the beginning of each transaction which integrity key is the newest one. */
  learnKeys: (ids: readonly string[]) => Promise<void> = async () => {};
  #silentUntilMs = 0;

  constructor(options: DatabaseOptions) {
    const address = parseAddress(options.url);
    const statementTimeoutMs = options.statementTimeoutMs ?? 5_000;
    this.#hosts = address.urls.length;
    // One round trip. A process that stops in the middle of a transaction must not hold its locks against the others.
    this.#begin = `BEGIN; SET LOCAL statement_timeout = ${statementTimeoutMs}; SET LOCAL idle_in_transaction_session_timeout = ${2 * statementTimeoutMs}; SELECT version, ${newestKey} FROM schema_version WHERE id = 1`;
    this.#pool = new pg.Pool({
      Client: clientOf(address),
      connectionString: address.urls[0],
      application_name: 'rolebridge',
      max: options.maxSessions ?? 10,
      connectionTimeoutMillis: options.connectTimeoutMs ?? 3_000,
      // For a server or a network that says nothing.
      query_timeout: statementTimeoutMs + 1_000,
      idleTimeoutMillis: 60_000,
      maxLifetimeSeconds: options.sessionLifetimeSeconds ?? 300,
      keepAlive: true,
      ...(address.isWriter && {
        verify: (client: pg.PoolClient, done: (error?: unknown) => void) =>
          refuseReadOnly(client).then(() => done(), done),
      }),
    } as pg.PoolConfig);
    // Sessions end when the server does; the next query makes new ones. Unheard, the event would end the process.
    this.#pool.on('error', () => {});
    this.#pool.on('connect', (client) => client.on('error', () => {}));
  }

  /** One statement, which is a transaction. */
  query<Row>(row: z.ZodType<Row>, text: string, values: readonly unknown[] = []): Promise<Row[]> {
    return this.#attempt((client) => run(client, row, text, values));
  }

  /**
   * All of it or nothing; `work` runs again when another transaction was in its way.
   * @param first SQL that runs with the beginning, in the same round trip
   */
  transaction<Result>(work: (session: Session) => Promise<Result>, first = ''): Promise<Result> {
    return this.#attempt(async (client) => {
      let result: Result;
      try {
        const [version] = await control(client, first === '' ? this.#begin : `${this.#begin}; ${first}`);
        refuseOther(version);
        if (version?.integrity_key) await this.learnKeys([String(version.integrity_key)]);
        result = await work({ query: (row, text, values = []) => run(client, row, text, values) });
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
    for (let tries = 1; ; tries++)
      try {
        return await this.withClient(work);
      } catch (error) {
        if (!(error instanceof DatabaseError)) throw error;
        if (!isConflict(error)) throw storeError(error);
        if (tries === maxTries) throw tooManyConflicts(error);
        await sleep(Math.random() * 10 * 2 ** tries);
      }
  }

  /** @throws DatabaseError */
  async withClient<Result>(work: (client: pg.PoolClient) => Promise<Result>): Promise<Result> {
    if (this.#closing) throw new RolebridgeError('store_unavailable', 'The store is closed.');
    if (performance.now() < this.#silentUntilMs)
      throw new DatabaseError(new Error('the server did not answer a moment ago'));
    const client = await this.#connect();
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

  /** Each try is of the next host. */
  async #connect(): Promise<pg.PoolClient> {
    for (let left = this.#hosts; ; left--)
      try {
        return await this.#pool.connect();
      } catch (error) {
        const cause = new DatabaseError(error);
        if (left <= 1 || isBusy(cause)) throw this.#heard(cause);
      }
  }

  #heard(error: DatabaseError): DatabaseError {
    if (isSilence(error)) this.#silentUntilMs = performance.now() + silenceMs;
    return error;
  }
}

/** All sessions are in use. */
const isBusy = ({ message }: DatabaseError): boolean =>
  message.includes('timeout exceeded when trying to connect');

/** A client of the next host of the address, each time. */
export function clientOf({ urls }: DatabaseAddress): typeof pg.Client {
  let turn = 0;
  return class extends pg.Client {
    constructor(config: pg.ClientConfig) {
      super({ ...config, connectionString: urls[turn++ % urls.length] ?? urls[0] });
    }
  };
}

/** @throws Error when the server takes no writes */
export async function refuseReadOnly(client: pg.ClientBase): Promise<void> {
  const { rows } = await client.query("SELECT current_setting('transaction_read_only') AS value");
  if (rows[0]?.value === 'on') throw new Error('the server accepts no writes');
}

async function run<Row>(
  client: pg.ClientBase,
  row: z.ZodType<Row>,
  text: string,
  values: readonly unknown[],
): Promise<Row[]> {
  const { rows } = await client.query(text, [...values]).catch((error) => {
    throw new DatabaseError(error);
  });
  return rows.map((found) => row.parse(found));
}

/** @returns the rows of the last SELECT but what follows it */
async function control(
  client: pg.ClientBase,
  text: string,
): Promise<{ version?: unknown; integrity_key?: unknown }[]> {
  const results: unknown = await client.query(text).catch((error) => {
    throw new DatabaseError(error);
  });
  const [, , , version] = Array.isArray(results) ? results : [];
  return version?.rows ?? [];
}

/** A newer process changed the schema meanwhile: this one's writes may not fit. */
function refuseOther(found: { version?: unknown } | undefined): void {
  if (Number(found?.version) === migrations.length) return;
  throw new RolebridgeError(
    'store_unavailable',
    found === undefined
      ? 'The database has lost its schema.'
      : `The database has schema version ${found.version} now; this process knows ${migrations.length} and stops writing.`,
    { remedy: 'Restart the service with the version that created the schema.' },
  );
}

const tooManyConflicts = (cause: unknown): RolebridgeError =>
  new RolebridgeError('store_unavailable', 'Other changes conflicted with every attempt.', {
    remedy: 'Nothing was changed. Retry.',
    retryAfterSeconds: 1,
    cause,
  });
