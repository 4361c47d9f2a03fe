import { chmodSync, mkdirSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { RolebridgeError } from '../../domain/errors.js';
import type { OrganizationId } from '../../domain/ids.js';
import type { ServiceKey } from '../../secrets/keyring.js';
import { codeOf } from '../../unknown-value.js';
import type { Backend } from '../backend.js';
import { despiteDamage } from '../despite-damage.js';
import { Integrity } from '../integrity.js';
import { readsOn } from '../reads.js';
import { documentFile } from './document-file.js';
import { readEvery } from './every-log.js';
import { integrityKeysIn } from './facts.js';
import { type FileOperations, fileOperations, syncDirectory, unavailable, writeTemporary } from './files.js';
import { cutOff, type Damage, load } from './load.js';
import { OrganizationStore } from './organization.js';
import { surroundingsIn } from './surroundings.js';
import { takeLock } from './writer-lock.js';

export interface LowdbOptions {
  readonly directory: string;
  /** The service keys, which encrypt the keys that sign what is stored. Without them damage is found, and no editor. */
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

/** How far a data directory has come. Within an epoch no number goes down; a lower epoch is an older directory. */
export interface Position {
  readonly epoch: number;
  readonly changes: number;
  readonly auditLines: number;
}

const closed = () => new RolebridgeError('store_unavailable', 'The store is closed.');

/**
 * Opens the data directory for this process alone, and reads and checks all of it but older lines of the audit log.
 * @throws RolebridgeError `store_unavailable` when another process has it, or a file is damaged; nothing is changed then
 */
export async function openLowdbBackend(options: LowdbOptions): Promise<Backend & { position(): Position }> {
  const directory = resolve(options.directory);
  const warn = options.onWarning ?? ((message) => process.emitWarning(message));
  const files = { ...fileOperations, ...options.fileOperations };
  let stopped: RolebridgeError | undefined;
  let lock: Awaited<ReturnType<typeof takeLock>>;
  const folders = ['.', 'organizations', 'audit'].map((name) => join(directory, name));
  try {
    folders.forEach(makePrivate);
    for (const path of [directory, dirname(directory)]) await syncDirectory(path, files);
    lock = await takeLock(directory);
  } catch (error) {
    throw unusable(directory, error);
  }
  const assertHeld = () => {
    if (stopped) throw stopped;
    try {
      lock.assertHeld();
    } catch (error) {
      stopped = unavailable(error);
      options.onCompromised?.(stopped);
      throw stopped;
    }
  };
  const stores = new Map<OrganizationId, OrganizationStore>();
  const quarantined = new Map<OrganizationId, Damage>();
  const open = async () => {
    const keys = await integrityKeysIn(directory, options.keys);
    const integrity = keys?.integrity ?? new Integrity();
    const onLarge = (organizationId: OrganizationId, connections: number) =>
      warn(`${organizationId} has ${connections} connections: use PostgreSQL for this.`, {
        organizationId,
        connections,
      });
    const around = surroundingsIn(directory, { integrity, lock: { ...lock, assertHeld }, onLarge }, files);
    const found = await load(around);
    if (found.damages.length > 0 && !options.quarantine) throw damaged(found.damages);
    for (const damage of found.damages) {
      quarantined.set(damage.organizationId, damage);
      warn(`Quarantined: ${damage.message}`, { organizationId: damage.organizationId });
    }
    for (const torn of found.torn) {
      const { message, path } = cutOff(torn);
      if (options.onRepaired) options.onRepaired(message, path);
      else warn(message, { file: path });
    }
    for (const store of found.stores) stores.set(store.id, store);
    for (const store of found.stores) await store.appendPending();
    return { around, keys };
  };
  const { around, keys } = await open().catch(async (error) => {
    await lock.release();
    throw unusable(directory, error);
  });
  const storeOf = (id: OrganizationId): OrganizationStore => {
    const damage = quarantined.get(id);
    if (damage) throw damaged([damage]);
    const known = stores.get(id) ?? new OrganizationStore(id, around, documentFile(id, around));
    stores.set(id, known);
    return known;
  };
  const all = () => [...stores.values()];
  let closing: Promise<void> | undefined;
  return {
    ...readsOn(around.rows, async (row) => storeOf(row.organizationId).textOf(row)),
    position: () => ({
      epoch: lock.epoch,
      changes: all().reduce((sum, store) => sum + store.sequence, 0),
      auditLines: all().reduce((sum, store) => sum + store.log.head.n, 0),
    }),
    async transact(organizationId, work) {
      if (stopped) throw stopped;
      return storeOf(organizationId).transact(work);
    },
    log: {
      async append(records) {
        if (stopped) throw stopped;
        const [first] = records;
        if (first) await storeOf(first.organizationId).append(records);
      },
      read: async (organizationId, page) =>
        organizationId === undefined
          ? readEvery(
              all().map(({ log }) => log),
              page,
            )
          : storeOf(organizationId).log.read(page),
      organizations: async () => [...stores.keys()],
      async trim(before) {
        let gone = 0;
        await despiteDamage(
          all().map((store) => async () => {
            gone += await store.trim(before);
          }),
        );
        return gone;
      },
    },
    async renewIntegrityKey() {
      assertHeld();
      await keys?.renew();
      const { keyId } = around.integrity;
      if (!keys?.former.length) return { keyId, signedAgain: 0 };
      const own = all().filter(({ sequence, log }) => sequence > 0 || log.head.n > 0);
      for (const store of own)
        await store.transact(async (transaction) => {
          transaction.audit([]);
          transaction.forgetVersionBefore();
        });
      if (quarantined.size === 0) await keys.retire();
      return { keyId, signedAgain: own.length };
    },
    async ready() {
      assertHeld();
      try {
        for (const place of [lock.staging, around.auditDirectory])
          await files.unlink(await writeTemporary(place, [Buffer.from('ready')], files));
        for (const store of all()) await store.ready();
      } catch (error) {
        throw unavailable(error);
      }
    },
    close() {
      closing ??= (async () => {
        await Promise.all(all().map((store) => store.settled()));
        // Of ten thousand organizations not all: they would keep the process from ending.
        const until = Date.now() + marksMs;
        for (const store of all()) if (Date.now() < until) await store.writeMarks();
        stopped ??= closed();
        await Promise.all(all().map((store) => store.settled()));
        await lock.release();
      })();
      return closing;
    },
  };
}

/** How long the close may write marks of use. */
const marksMs = 2_000;

function makePrivate(directory: string): void {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  if ((statSync(directory).mode & 0o077) !== 0) chmodSync(directory, 0o700);
}

/** One cause may have damaged all: a few of them say which. */
const namedAtOnce = 5;

function damaged(damages: readonly Damage[]): RolebridgeError {
  const named = damages.slice(0, namedAtOnce).map(({ message }) => `${message}.`);
  const more = damages.length - named.length;
  return new RolebridgeError(
    'store_unavailable',
    [
      ...named,
      ...(more > 0 ? [`${more} more organizations are damaged ("rolebridge doctor" names all).`] : []),
    ].join(' '),
    {
      remedy:
        'Nothing was changed. Restore a backup ("rolebridge restore"), or run "rolebridge repair" to see the data it would drop. ROLEBRIDGE_QUARANTINE=on serves the other organizations meanwhile.',
    },
  );
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
