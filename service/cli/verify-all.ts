import {
  type Connection,
  RolebridgeApiError,
  type RolebridgeClient,
  RolebridgeUnreachableError,
} from '../../client/index.js';
import type { CommandRow, Given } from './command-row.js';
import { exitCodes } from './exit-codes.js';
import { ExitCode, UsageError } from './failure.js';
import { printJson, printTable } from './print.js';
import { printConnection } from './show-connection.js';

/** Verifications at the same time. The service limits verifications per minute, and the client waits for that. */
const concurrency = 4;

interface Result {
  readonly id: string;
  readonly name: string;
  readonly status: string;
  /** Why there is no verdict, or why it failed. */
  readonly code?: string | undefined;
}

export const verifyCommands: readonly CommandRow[] = [
  {
    usage: 'verify [id]',
    about: 'verifies one connection or all of them now',
    example: 'rolebridge verify --all',
    asks: 'service',
    options: [{ flags: '--all', about: 'every connected or failed connection of the organization' }],
    async run({ terminal, words: [id], options, client }: Given<{ all?: boolean }>) {
      if ((id === undefined) !== Boolean(options.all))
        throw new UsageError('Name one connection, or give --all.');
      if (id !== undefined)
        return printConnection(await (await client()).verifyConnection(id), { terminal, options });
      const results = await verifyAll(await client());
      if (options.json) printJson(terminal, { connections: results });
      else printTable(terminal, results, { ID: 'id', NAME: 'name', STATUS: 'status', CODE: 'code' });
      if (results.some(({ status }) => status === 'not verified')) throw new ExitCode(exitCodes.inconclusive);
      if (results.some(({ status }) => status !== 'connected')) throw new ExitCode(exitCodes.refused);
    },
  },
];

async function verifyAll(client: RolebridgeClient): Promise<Result[]> {
  const waiting: Connection[] = [];
  for (const status of ['connected', 'failed'] as const)
    for await (const connection of client.connections({ status })) waiting.push(connection);
  const results: Result[] = [];
  const work = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift())
      results.push(await verified(client, next));
  };
  await Promise.all(Array.from({ length: concurrency }, work));
  return results.sort((one, other) => (one.id < other.id ? -1 : 1));
}

/** A connection that fails or gets no verdict doesn't end the others. */
async function verified(client: RolebridgeClient, { id, name }: Connection): Promise<Result> {
  try {
    const connection = await client.verifyConnection(id);
    const { verification } = connection.status === 'failed' ? connection : {};
    const code = verification?.result === 'failed' ? verification.code : undefined;
    return { id, name, status: connection.status, code };
  } catch (error) {
    if (error instanceof RolebridgeUnreachableError)
      return { id, name, status: 'not verified', code: error.reason };
    if (!(error instanceof RolebridgeApiError)) throw error;
    const isVerdict = error.status === 422;
    return { id, name, status: isVerdict ? 'failed' : 'not verified', code: error.code };
  }
}
