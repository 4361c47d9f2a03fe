import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, readdir, rename, rm, unlink } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { text as textOf } from 'node:stream/consumers';
import { RolebridgeError } from '../../domain/errors.js';
import { socketPathsIn } from '../../socket-path.js';
import { codeOf } from '../../unknown-value.js';
import { fileOperations, ignoreMissingFile, syncPath } from './files.js';

/**
 * One process at a time writes to a data directory. That rests on no clock: a timeout only decides when to fence.
 *
 * Alive: a Unix socket whose listener ends with its process. Fencing: each writer writes its temporary files in a
 * directory named after its epoch and renames them into place. A taker renames that directory first and reads after:
 * from then on every rename of a writer before it fails, however long it was paused.
 */
export interface WriterLock {
  readonly epoch: number;
  /** The directory of temporary files. */
  readonly staging: string;
  /** @throws RolebridgeError `store_unavailable` when another process took the directory, or after `stop` */
  assertHeld(): void;
  /** From now on `assertHeld` throws this error. */
  stop(error: RolebridgeError): void;
  release(): Promise<void>;
}

const socketName = '.lock';
/** A process that accepts the connection and says nothing for this long is paused, or busy. */
const silenceMs = 3_000;

/** The process that has a data directory. */
export interface Holder {
  /** `process 4711`, or another phrase for a process that did not answer. */
  readonly name: string;
  readonly isSilent: boolean;
}

/**
 * A holder that is silent is fenced.
 * @param onLost called once when another process took the directory
 * @throws RolebridgeError `store_unavailable` when another process has the directory
 */
export async function takeLock(directory: string, onLost?: (error: Error) => void): Promise<WriterLock> {
  const found = await askHolder(directory);
  if (found && !found.isSilent) throw inUse(directory, found);
  const close = await listen(directory);
  try {
    const epoch = await raiseEpoch(directory);
    const staging = join(directory, epochName(epoch));
    for (const name of await readdir(staging)) await rm(join(staging, name), { force: true });
    let stopped: RolebridgeError | undefined;
    return {
      epoch,
      staging,
      assertHeld() {
        if (stopped) throw stopped;
        if (existsSync(staging)) return;
        stopped = new RolebridgeError('store_unavailable', `Another process took ${directory} over.`, {
          remedy: 'Make sure that one process alone uses the directory, and start it again.',
        });
        onLost?.(stopped);
        throw stopped;
      },
      stop(error) {
        stopped ??= error;
      },
      async release() {
        // Before the listener ends: afterwards the name may be a successor's.
        if (existsSync(staging)) await unlink(join(directory, socketName)).catch(ignoreMissingFile);
        await close();
      },
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** The process that has the directory; undefined when there is none. Never waits for a lock. */
export async function askHolder(directory: string): Promise<Holder | undefined> {
  if (!existsSync(directory)) return undefined;
  const paths = await socketPathsIn(directory);
  let isSilent = false;
  try {
    const socket = connect(paths.path(socketName));
    socket.setTimeout(silenceMs, () => {
      isSilent = true;
      socket.destroy();
    });
    const pid = await textOf(socket).catch(() => '');
    if (pid === '' && !isSilent) return undefined;
    return { name: /^\d+$/.test(pid) ? `process ${pid}` : 'a process that does not answer', isSilent };
  } finally {
    await paths.close();
  }
}

/** @throws RolebridgeError `store_unavailable` when a process has the directory, even if it is silent */
export async function assertUnused(directory: string): Promise<void> {
  const holder = await askHolder(directory);
  if (holder) throw inUse(directory, holder);
}

const inUse = (directory: string, { name }: Holder): RolebridgeError =>
  new RolebridgeError('store_unavailable', `The directory ${directory} is in use by ${name}.`, {
    remedy: 'Stop that process, or use another data directory.',
  });

/** @returns stops listening */
async function listen(directory: string): Promise<() => Promise<void>> {
  const paths = await socketPathsIn(directory);
  const server = createServer((socket) => {
    socket.on('error', () => {});
    socket.write(String(process.pid));
    // Waits for no client: an open connection would delay the end of this process.
    socket.destroySoon();
  });
  // Bound under another name: Node removes the name that it bound when it closes, which may be a successor's by then.
  const own = `.${randomBytes(6).toString('hex')}`;
  try {
    await once(server.listen(paths.path(own)), 'listening');
  } catch (error) {
    await paths.close();
    throw error;
  }
  server.unref();
  await rename(join(directory, own), join(directory, socketName));
  return async () => {
    await new Promise((resolve) => server.close(resolve));
    await paths.close();
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
      await syncPath(directory, fileOperations);
      return before + 1;
    } catch (error) {
      // Another process raised it at the same moment.
      const code = codeOf(error);
      if (code !== 'ENOENT' && code !== 'EEXIST' && code !== 'ENOTEMPTY') throw error;
    }
  }
}
