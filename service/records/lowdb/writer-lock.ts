import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { type FileHandle, mkdir, open, readdir, rename, rm, unlink } from 'node:fs/promises';
import { connect, createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { text as textOf } from 'node:stream/consumers';
import { z } from 'zod';
import { RolebridgeError } from '../../domain/errors.js';
import { codeOf } from '../../unknown-value.js';
import { fileOperations, syncDirectory, unlessAbsent } from './files.js';

/**
 * One process at a time writes to a data directory. No clock is read.
 *
 * Alive: a Unix socket whose listener ends with its process. Fencing: each writer writes its temporary files in a
 * directory named after its epoch and renames them into place. A taker renames that directory first and reads after:
 * from then on every rename of a writer before it fails, however long it was paused.
 */
export interface WriterLock {
  readonly epoch: number;
  /** Where temporary files are made. */
  readonly staging: string;
  /** @throws RolebridgeError `store_unavailable` when another process took the directory */
  assertHeld(): void;
  release(): Promise<void>;
}

const socketName = '.lock';
/** A process that took the connection and says nothing for this long is taken for paused, and fenced. */
const silenceMs = 3_000;

const holder = z.object({ pid: z.number(), epoch: z.number() });
export type Holder = z.infer<typeof holder>;

/** @throws RolebridgeError `store_unavailable` when another process has the directory */
export async function takeLock(directory: string): Promise<WriterLock> {
  const found = await askHolder(directory);
  if (found !== undefined)
    throw new RolebridgeError('store_unavailable', `Another process (${found.pid}) is using ${directory}.`, {
      remedy: 'Stop the other process, or give this one another data directory.',
    });
  const answer: Holder = { pid: process.pid, epoch: 0 };
  const { server, close } = await listen(directory, () => JSON.stringify(answer));
  try {
    const epoch = await raiseEpoch(directory);
    Object.assign(answer, { epoch });
    const staging = join(directory, epochName(epoch));
    for (const name of await readdir(staging)) await rm(join(staging, name), { force: true });
    const assertHeld = () => {
      if (existsSync(staging)) return;
      throw new RolebridgeError('store_unavailable', `Another process took ${directory} over.`, {
        remedy: 'Make sure that one process alone uses the directory, and start it again.',
      });
    };
    return {
      epoch,
      staging,
      assertHeld,
      async release() {
        const isOwn = existsSync(staging);
        await close();
        if (isOwn) await unlink(join(directory, socketName)).catch(unlessAbsent);
      },
    };
  } catch (error) {
    server.close();
    await close();
    throw error;
  }
}

/** The process that has the directory; undefined when there is none that answers. Never waits for a lock. */
export async function askHolder(directory: string): Promise<Holder | undefined> {
  const place = await socketPlace(directory);
  try {
    const socket = connect(place.path(socketName));
    socket.setTimeout(silenceMs, () => socket.destroy());
    const text = await textOf(socket).catch(() => '');
    return text === '' ? undefined : holder.parse(JSON.parse(text));
  } finally {
    await place.close();
  }
}

async function listen(
  directory: string,
  answer: () => string,
): Promise<{ server: Server; close: () => Promise<void> }> {
  const place = await socketPlace(directory);
  const server = createServer((socket) => {
    socket.on('error', () => {});
    socket.end(answer());
  });
  // Bound under another name: Node removes the name that it bound when it closes, which may be a successor's by then.
  const own = `.${randomBytes(6).toString('hex')}`;
  try {
    await once(server.listen(place.path(own)), 'listening');
  } catch (error) {
    await place.close();
    throw error;
  }
  server.unref();
  await rename(join(directory, own), join(directory, socketName));
  return {
    server,
    async close() {
      await new Promise((resolve) => server.close(resolve));
      await place.close();
    },
  };
}

/** A socket's path has 107 bytes at most; a longer one goes through the directory's descriptor. */
async function socketPlace(directory: string) {
  const isShort = Buffer.byteLength(join(directory, '.0123456789ab')) < 100;
  const handle: FileHandle | undefined = isShort ? undefined : await open(directory, 'r');
  return {
    path: (name: string) => (handle ? `/proc/self/fd/${handle.fd}/${name}` : join(directory, name)),
    close: async () => handle?.close(),
  };
}

export const epochName = (epoch: number): string => `epoch-${epoch}`;

export async function currentEpoch(directory: string): Promise<number> {
  const names = await readdir(directory);
  return Math.max(0, ...names.flatMap((name) => (/^epoch-\d+$/.test(name) ? Number(name.slice(6)) : [])));
}

async function raiseEpoch(directory: string): Promise<number> {
  for (;;) {
    const before = await currentEpoch(directory);
    const next = join(directory, epochName(before + 1));
    try {
      if (before === 0) await mkdir(next, { mode: 0o700 });
      else await rename(join(directory, epochName(before)), next);
      await syncDirectory(directory, fileOperations);
      return before + 1;
    } catch (error) {
      // Another process raised it at the same moment.
      const code = codeOf(error);
      if (code !== 'ENOENT' && code !== 'EEXIST' && code !== 'ENOTEMPTY') throw error;
    }
  }
}
