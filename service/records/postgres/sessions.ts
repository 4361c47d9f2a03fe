import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { z } from 'zod';
import { RolebridgeError } from '../../domain/errors.js';
import { type DatabaseAddress, parseAddress } from './address.js';
import { DatabaseError, endsSession, isConflict, isTimeout, storeError } from './database-error.js';
import { migrations } from './migrations.js';

export interface DatabaseOptions {
  /** `postgres://USER:PASSWORD@HOST:PORT[,HOST:PORT…]/DATABASE?sslmode=verify-full&target_session_attrs=read-write` */
  readonly url: string;
  /** The maximum number of sessions of this process. @default 10 */
  readonly maxSessions?: number | undefined;
  /** Time limit for a request to get a session. @default 3000 */
  readonly connectTimeoutMs?: number | undefined;
  /** Time limit for one statement, including its wait for locks. @default 5000 */
  readonly statementTimeoutMs?: number | undefined;
  /** Maximum lifetime of a session, after which the address is resolved again. @default 300 */
  readonly sessionLifetimeSeconds?: number | undefined;
}

/** A row whose columns are not read. */
export const anyRow = z.object({});

export interface Session {
  query<Row>(row: z.ZodType<Row>, text: string, values?: readonly unknown[]): Promise<Row[]>;
}

/** Ids are sorted by length first: `i9` is before `i10`. */
const newestKey =
  '(SELECT id FROM integrity_keys ORDER BY length(id) DESC, id DESC LIMIT 1) AS integrity_key';
const readVersion = `SELECT version, ${newestKey} FROM schema_version WHERE id = 1`;
/** More than one retry is rare. */
const maxTries = 8;
/** How long requests are refused at once after the server did not respond to one. */
const timeoutPauseMs = 1_000;

/**
 * The sessions of this process. Each wait has a time limit: for a session, for the server, for the network. A session keeps
 * no state between transactions (no named prepared statement, no setting), so that PgBouncer works in transaction mode.
 */
export class Sessions implements Session {
  readonly #pool: pg.Pool;
  readonly #hosts: number;
  readonly #begin: string;
  #closing: Promise<void> | undefined;
  /** Receives the id of the newest integrity key at the beginning of each transaction. */
  onKeyId: (ids: readonly string[]) => Promise<void> = async () => {};
  #pausedUntilMs = 0;

  constructor(options: DatabaseOptions) {
    const address = parseAddress(options.url);
    const statementTimeoutMs = options.statementTimeoutMs ?? 5_000;
    this.#hosts = address.urls.length;
    // One round trip. The time limit for idle transactions releases the locks of a process that stopped.
    this.#begin = `BEGIN; SET LOCAL statement_timeout = ${statementTimeoutMs}; SET LOCAL idle_in_transaction_session_timeout = ${2 * statementTimeoutMs}`;
    this.#pool = new pg.Pool({
      Client: clientOf(address),
      connectionString: address.urls[0],
      application_name: 'rolebridge',
      max: options.maxSessions ?? 10,
      connectionTimeoutMillis: options.connectTimeoutMs ?? 3_000,
      // For a server or a network that does not respond.
      query_timeout: statementTimeoutMs + 1_000,
      idleTimeoutMillis: 60_000,
      maxLifetimeSeconds: options.sessionLifetimeSeconds ?? 300,
      keepAlive: true,
      ...(address.isWriter && {
        verify: (client: pg.PoolClient, done: (error?: unknown) => void) =>
          refuseReadOnly(client).then(() => done(), done),
      }),
    } as pg.PoolConfig);
    // Sessions end with the server, and the next query opens new ones. Without a listener, the event ends the process.
    this.#pool.on('error', () => {});
    this.#pool.on('connect', (client) => client.on('error', () => {}));
  }

  /** Runs one statement, which is a transaction. */
  query<Row>(row: z.ZodType<Row>, text: string, values: readonly unknown[] = []): Promise<Row[]> {
    return this.#attempt((client) => run(client, row, text, values));
  }

  /**
   * Commits all of `work` or nothing. It runs again after a conflict with another transaction.
   * @param organizationId its row is locked from the beginning, so that transactions of one organization run in sequence
   */
  transaction<Result>(work: (session: Session) => Promise<Result>, organizationId?: string): Promise<Result> {
    const lock = organizationId === undefined ? '' : lockOf(organizationId);
    return this.#attempt(async (client) => {
      let result: Result;
      try {
        const [version] = await control(client, `${this.#begin}; ${lock} ${readVersion}`);
        refuseOther(version);
        if (version?.integrity_key) await this.onKeyId([String(version.integrity_key)]);
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
    if (performance.now() < this.#pausedUntilMs)
      throw new DatabaseError(new Error('the server did not answer a moment ago'));
    const client = await this.#connect();
    let isUsable = false;
    try {
      const result = await work(client);
      isUsable = true;
      return result;
    } catch (error) {
      isUsable = !(error instanceof DatabaseError) || !endsSession(error);
      throw error instanceof DatabaseError ? this.#noteTimeout(error) : error;
    } finally {
      client.release(!isUsable);
    }
  }

  /** Tries each host once. */
  async #connect(): Promise<pg.PoolClient> {
    for (let left = this.#hosts; ; left--)
      try {
        return await this.#pool.connect();
      } catch (error) {
        const cause = new DatabaseError(error);
        if (left <= 1 || isBusy(cause)) throw this.#noteTimeout(cause);
      }
  }

  #noteTimeout(error: DatabaseError): DatabaseError {
    if (isTimeout(error)) this.#pausedUntilMs = performance.now() + timeoutPauseMs;
    return error;
  }
}

/** No organization's id has other characters than these. */
const lockOf = (organizationId: string): string =>
  `SELECT key FROM organizations WHERE key = '${organizationId.replace(/[^\w-]/g, '')}' FOR UPDATE;`;

/** All sessions are in use. */
const isBusy = ({ message }: DatabaseError): boolean =>
  message.includes('timeout exceeded when trying to connect');

/** A client class whose instances connect to each host of the address in turn. */
export function clientOf({ urls }: DatabaseAddress): typeof pg.Client {
  let turn = 0;
  return class extends pg.Client {
    constructor(config: pg.ClientConfig) {
      super({ ...config, connectionString: urls[turn++ % urls.length] ?? urls[0] });
    }
  };
}

/** @throws Error when the server takes no writes */
async function refuseReadOnly(client: pg.ClientBase): Promise<void> {
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

/** @returns the rows of the last statement */
async function control(
  client: pg.ClientBase,
  text: string,
): Promise<{ version?: unknown; integrity_key?: unknown }[]> {
  const results = await client.query(text).catch((error) => {
    throw new DatabaseError(error);
  });
  // The driver answers several statements with an array.
  return [results].flat().at(-1)?.rows ?? [];
}

/** A newer process may have changed the schema meanwhile, so that writes of this one no longer fit. */
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
