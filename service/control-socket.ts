/**
 * Commands to a running service, over a Unix socket in the data directory, which only its owner can access. Each command
 * and each answer is one JSON value.
 */
import { existsSync } from 'node:fs';
import { chmod, unlink } from 'node:fs/promises';
import { connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { z } from 'zod';
import { RolebridgeError } from './domain/errors.js';
import { errorCode } from './domain/verification.js';
import { socketPathsIn } from './socket-path.js';
import { messageOf } from './unknown-value.js';

const longestQuestion = 64 * 1024;

const socketName = '.control';

/** Answers commands with `run`. @returns a function that stops it */
export async function listenForControl(
  directory: string,
  run: (question: unknown) => Promise<unknown>,
): Promise<() => Promise<void>> {
  const paths = await socketPathsIn(directory);
  // This process has the lock of the data directory: another socket is left over.
  await unlink(join(directory, socketName)).catch(() => {});
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    socket.on('error', () => {});
    readAll(socket, longestQuestion)
      .then(async (text) => ({ answer: await run(JSON.parse(text)) }))
      .catch((error: unknown) => ({ problem: problemOf(error) }))
      .then((answer) => socket.end(JSON.stringify(answer)));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(paths.path(socketName), resolve);
  });
  await chmod(join(directory, socketName), 0o600);
  server.unref();
  return async () => {
    await new Promise((resolve) => server.close(resolve));
    await paths.close();
  };
}

/** Sends a command; undefined if no service uses the directory. @throws RolebridgeError the service's error */
export async function askForControl(directory: string, question: unknown): Promise<object | undefined> {
  if (!existsSync(directory)) return undefined;
  const paths = await socketPathsIn(directory);
  const socket = connect({ path: paths.path(socketName), allowHalfOpen: true });
  const isThere = await new Promise<boolean>((resolve) => {
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
  });
  await paths.close();
  if (!isThere) return undefined;
  socket.end(JSON.stringify(question));
  const { answer, problem } = reply.parse(JSON.parse(await readAll(socket)));
  if (problem)
    throw new RolebridgeError(problem.code, problem.detail, {
      ...(problem.remedy !== undefined && { remedy: problem.remedy }),
    });
  return answer;
}

const problemReply = z.object({ code: errorCode, detail: z.string(), remedy: z.string().optional() });
const reply = z.object({ answer: z.looseObject({}).optional(), problem: problemReply.optional() });

const problemOf = (error: unknown): z.infer<typeof problemReply> =>
  error instanceof RolebridgeError
    ? { code: error.code, detail: error.detail, ...(error.remedy !== undefined && { remedy: error.remedy }) }
    : { code: 'internal_error', detail: messageOf(error) };

/** Reads with events, because `for await` would close the socket for writing. */
function readAll(socket: Socket, longest = Number.POSITIVE_INFINITY): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    socket.setEncoding('utf8').on('data', (piece) => {
      text += piece;
      if (text.length > longest) socket.destroy(new Error('The question is too long.'));
    });
    socket.on('end', () => resolve(text)).on('error', reject);
  });
}
