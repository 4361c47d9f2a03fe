import { chmodSync, existsSync, mkdirSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { RolebridgeError } from '../../domain/errors.js';
import type { OrganizationId } from '../../domain/ids.js';
import type { ServiceKey } from '../../secrets/keyring.js';
import { codeOf } from '../../unknown-value.js';
import type { Backend, Log } from '../backend.js';
import { despiteDamage } from '../despite-damage.js';
import { readsOn } from '../reads.js';
import { readAllLogs } from './audit-log.js';
import {
  type FileOperations,
  fileOperations,
  namesIn,
  syncPath,
  writeFailed,
  writeTemporary,
} from './files.js';
import { type Damage, type LoadedDirectory, loadDirectory } from './load.js';
import { OrganizationStore } from './organization.js';
import { takeLock, type WriterLock } from './writer-lock.js';

export interface LowdbOptions {
  readonly directory: string;
  /**
   * The service keys, which encrypt the keys that sign what is stored. Without them accidental damage is detected,
   * deliberate edits are not.
   */
  readonly keys?: readonly ServiceKey[] | undefined;
  /** Serve the organizations whose files are whole when others are damaged. @default false */
  readonly quarantine?: boolean | undefined;
  /** Another process took the directory: nothing is written any more, and the process should end. */
  readonly onCompromised?: ((error: Error) => void) | undefined;
  /** Receives repairs at start, as a sentence and the file. @default a warning of the process */
  readonly onRepaired?: ((message: string, path: string) => void) | undefined;
  /** Receives warnings for the operator, in a sentence. @default a warning of the process */
  readonly onWarning?: ((message: string, details: object) => void) | undefined;
  /** For tests. @default node:fs/promises */
  readonly fileOperations?: Partial<FileOperations> | undefined;
}

/** The state of a data directory. Within an epoch no number goes down; a lower epoch is an older directory. */
export interface Position {
  readonly epoch: number;
  readonly changes: number;
  readonly auditLines: number;
}

type LowdbBackend = Backend & { position(): Position };

/** The time that the close may take to store times of last use. */
const saveUseMs = 2_000;

/**
 * Opens the data directory for this process alone, and reads and checks all of it but older lines of the audit log.
 * @throws RolebridgeError `store_unavailable` when another process has it, or a file is damaged; nothing is changed then
 */
export async function openLowdbBackend(options: LowdbOptions): Promise<LowdbBackend> {
  const directory = resolve(options.directory);
  const files = { ...fileOperations, ...options.fileOperations };
  let lock: WriterLock | undefined;
  try {
    refuseHalfRestored(directory);
    for (const folder of ['.', 'organizations', 'audit']) makePrivate(join(directory, folder));
    await syncPath(directory, files);
    await syncPath(dirname(directory), files).catch(ignoreForbidden);
    lock = await takeLock(directory, options.onCompromised);
    return backendOn(await loadUnder(lock, directory, options, files), lock);
  } catch (error) {
    await lock?.release();
    throw unusable(directory, error);
  }
}

/** Loads the directory, and completes what a crash interrupted. */
async function loadUnder(
  lock: WriterLock,
  directory: string,
  { keys: serviceKeys, quarantine, onRepaired, onWarning }: LowdbOptions,
  files: FileOperations,
): Promise<LoadedDirectory> {
  const warn = onWarning ?? ((message) => process.emitWarning(message));
  const loaded = await loadDirectory(directory, {
    lock,
    serviceKeys,
    files,
    warn,
  });
  if (loaded.damages.length > 0 && !quarantine) throw damaged(loaded.damages);
  for (const { organizationId, message } of loaded.damages)
    warn(`Quarantined: ${message}`, { organizationId });
  for (const { log } of loaded.stores) {
    const repair = await log.cutTorn();
    if (repair && onRepaired) onRepaired(repair.message, repair.path);
    else if (repair) warn(repair.message, { file: repair.path });
  }
  for (const store of loaded.stores) await store.appendPending();
  return loaded;
}

function backendOn({ context, keys, ...loaded }: LoadedDirectory, lock: WriterLock): LowdbBackend {
  const stores = new Map(loaded.stores.map((store) => [store.id, store]));
  const quarantined = new Map(loaded.damages.map((damage) => [damage.organizationId, damage]));
  const storeOf = (id: OrganizationId): OrganizationStore => {
    const damage = quarantined.get(id);
    if (damage) throw damaged([damage]);
    const store = stores.get(id) ?? new OrganizationStore(id, context);
    stores.set(id, store);
    return store;
  };
  const all = () => [...stores.values()];
  const settled = () => Promise.all(all().map((store) => store.settled()));
  let closing: Promise<void> | undefined;
  return {
    ...readsOn(context.rows, async (row) => storeOf(row.organizationId).jsonOf(row)),
    position: () => ({
      epoch: lock.epoch,
      changes: all().reduce((sum, store) => sum + store.sequence, 0),
      auditLines: all().reduce((sum, store) => sum + store.log.head.n, 0),
    }),
    async transact(organizationId, work) {
      lock.assertHeld();
      return storeOf(organizationId).transact(work);
    },
    log: logOn(stores, storeOf),
    async renewIntegrityKey() {
      lock.assertHeld();
      await keys?.renew();
      const { keyId } = context.integrity;
      if (!keys?.former.length) return { keyId, signedAgain: 0 };
      const own = all().filter(({ sequence, log }) => sequence > 0 || log.head.n > 0);
      for (const store of own) await signAgain(store);
      if (quarantined.size === 0) await keys.retire();
      return { keyId, signedAgain: own.length };
    },
    async ready() {
      lock.assertHeld();
      try {
        await writeProbes(context);
        for (const store of all()) await store.ready();
      } catch (error) {
        throw writeFailed(error);
      }
    },
    close() {
      closing ??= (async () => {
        await settled();
        // The process must end soon, however many organizations there are.
        const until = Date.now() + saveUseMs;
        for (const store of all()) if (Date.now() < until) await store.saveUse();
        lock.stop(new RolebridgeError('store_unavailable', 'The store is closed.'));
        await settled();
        await lock.release();
      })();
      return closing;
    },
  };
}

const signAgain = (store: OrganizationStore): Promise<void> =>
  store.transact(async (transaction) => {
    transaction.audit([]);
    transaction.dropFormerVersion();
  });

async function writeProbes({ lock, auditDirectory, files }: LoadedDirectory['context']): Promise<void> {
  for (const directory of [lock.staging, auditDirectory])
    await files.unlink(await writeTemporary(directory, [Buffer.from('ready')], files));
}

const logOn = (
  stores: ReadonlyMap<OrganizationId, OrganizationStore>,
  storeOf: (id: OrganizationId) => OrganizationStore,
): Log => ({
  async append(records) {
    const [first] = records;
    if (first) await storeOf(first.organizationId).append(records);
  },
  read: async (organizationId, page) =>
    organizationId === undefined
      ? readAllLogs(
          [...stores.values()].map(({ log }) => log),
          page,
        )
      : storeOf(organizationId).log.read(page),
  organizations: async () => [...stores.keys()],
  async trim(before) {
    let gone = 0;
    await despiteDamage(
      [...stores.values()].map((store) => async () => {
        gone += await store.trim(before);
      }),
    );
    return gone;
  },
});

/** The directory that a restore renames at its end. */
export const restoringPath = (directory: string): string => `${directory}.restoring-${process.pid}`;

/** A restore that was killed between its two renames leaves no directory: an empty one would hide that. */
function refuseHalfRestored(directory: string): void {
  if (existsSync(directory)) return;
  const isOfRestore = (name: string) => name.startsWith(`${basename(directory)}.restoring-`);
  const left = namesIn(dirname(directory)).find(isOfRestore);
  if (left === undefined) return;
  throw new RolebridgeError('store_unavailable', `${directory} is missing: a restore was interrupted.`, {
    remedy: `Run "rolebridge restore" again, and delete ${join(dirname(directory), left)} then.`,
  });
}

/** A parent that this process can't read was there before. */
function ignoreForbidden(error: unknown): void {
  if (codeOf(error) !== 'EACCES') throw error;
}

function makePrivate(directory: string): void {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  if ((statSync(directory).mode & 0o077) !== 0) chmodSync(directory, 0o700);
}

/** One cause may have damaged all: a few of them say which. */
const namedAtOnce = 5;

function damaged(damages: readonly Damage[]): RolebridgeError {
  const sentences = damages.slice(0, namedAtOnce).map(({ message }) => `${message}.`);
  const more = damages.length - sentences.length;
  if (more > 0) sentences.push(`${more} more organizations are damaged ("rolebridge doctor" names all).`);
  return new RolebridgeError('store_unavailable', sentences.join(' '), {
    remedy:
      'Nothing was changed. Restore a backup ("rolebridge restore"), or run "rolebridge repair" to see the data it would drop. ROLEBRIDGE_QUARANTINE=on serves the other organizations meanwhile.',
  });
}

function unusable(directory: string, error: unknown): unknown {
  const code = codeOf(error);
  if (error instanceof RolebridgeError || code === undefined) return error;
  return new RolebridgeError(
    'store_unavailable',
    `The data directory ${directory} can't be used (${code}).`,
    {
      remedy:
        'The stored data is unchanged. Make the directory writable for the user of this process, with room on its disk, and start again.',
      cause: error,
    },
  );
}
