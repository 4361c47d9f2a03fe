import { chmod, mkdir, readdir, stat, unlink } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import lockfile from 'proper-lockfile';
import { claimedRole, externalIdsOf } from '../../domain/connection.js';
import { RolebridgeError } from '../../domain/errors.js';
import type { OrganizationId } from '../../domain/ids.js';
import type { Store } from '../../domain/ports.js';
import { scopeKey } from '../../domain/scope.js';
import { AuditFiles } from './audit-files.js';
import { FileStore } from './file-store.js';
import type { OrganizationData } from './format.js';
import {
  type FileOperations,
  fileOperations,
  isTemporary,
  OrganizationFile,
  syncDirectory,
} from './organization-file.js';
import { messageId, type RecordChange, type Records, receiptId, tokenId, watchId } from './records.js';
import { StagedWrites } from './staged-writes.js';

export interface FileStoreOptions {
  readonly directory: string;
  /** Another process may have taken the directory: nothing is written any more, and the process should end. */
  readonly onCompromised?: (error: Error) => void;
  /** After this time without a sign of life a process counts as dead. @default 5000, at least 2000 */
  readonly lockStaleMs?: number;
  /** Hears what the start repaired, in a sentence for a person. @default a warning of the process */
  readonly onRepaired?: (message: string) => void;
  /** For tests. @default node:fs/promises */
  readonly fileOperations?: Partial<FileOperations>;
}

/**
 * Opens the directory for this process alone, reads and checks all of it.
 * @throws RolebridgeError `store_unavailable` when another process has it, or a file can't be read; no file is changed then
 */
export async function openFileStore(options: FileStoreOptions): Promise<Store> {
  const directory = resolve(options.directory);
  const organizations = join(directory, 'organizations');
  const auditDirectory = join(directory, 'audit');
  const files = { ...fileOperations, ...options.fileOperations };
  await makePrivate(directory);
  await makePrivate(organizations);
  await makePrivate(auditDirectory);
  await syncDirectory(directory, files);
  await syncDirectory(dirname(directory), files);
  const writes = new StagedWrites(organizations, files);
  const audit = new AuditFiles(auditDirectory, files);
  const stop = (reason: RolebridgeError) => {
    writes.stop(reason);
    audit.stop(reason);
  };
  const release = await lock(directory, options, stop);
  try {
    const cutTornAudit = await audit.load();
    await load(organizations, writes);
    const report = options.onRepaired ?? ((message) => process.emitWarning(message));
    for (const message of await cutTornAudit()) report(message);
  } catch (error) {
    await release().catch(() => {});
    throw error;
  }
  let closing: Promise<void> | undefined;
  const close = async () => {
    const settled = () => Promise.all([writes.allSettled(), audit.allSettled()]);
    await settled();
    stop(new RolebridgeError('store_unavailable', 'The store is closed.'));
    await settled();
    await release().catch(() => {});
  };
  return new FileStore(writes, audit, () => {
    closing ??= close();
    return closing;
  });
}

async function makePrivate(directory: string): Promise<void> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  if (((await stat(directory)).mode & 0o077) !== 0) await chmod(directory, 0o700);
}

async function lock(
  directory: string,
  options: FileStoreOptions,
  stop: (reason: RolebridgeError) => void,
): Promise<() => Promise<void>> {
  const stale = options.lockStaleMs ?? 5000;
  try {
    return await lockfile.lock(directory, {
      lockfilePath: join(directory, '.lock'),
      stale,
      update: stale / 2,
      // A process that was killed leaves its lock; its successor waits until that has gone stale.
      retries: { retries: Math.ceil(stale / 500) + 2, minTimeout: 500, maxTimeout: 500 },
      onCompromised: (error) => {
        stop(
          new RolebridgeError('store_unavailable', `The lock of ${directory} was lost (${error.message}).`, {
            remedy: 'Make sure that one process alone uses the directory, and start it again.',
            cause: error,
          }),
        );
        options.onCompromised?.(error);
      },
    });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ELOCKED') throw error;
    throw new RolebridgeError('store_unavailable', `Another process is using ${directory}.`, {
      remedy:
        'Stop the other process, or give this one a directory of its own. A file store serves one process.',
      cause: error,
    });
  }
}

async function load(directory: string, writes: StagedWrites): Promise<void> {
  const names = await readdir(directory);
  const present = new Set(names);
  for (const name of names) {
    const file = name.endsWith('.json.bak') ? name.slice(0, -'.bak'.length) : name;
    if (!file.endsWith('.json') || (file !== name && present.has(file))) continue;
    const path = join(directory, file);
    const id = file.slice(0, -'.json'.length) as OrganizationId;
    try {
      if (file !== name) throw new Error('it is missing, and its backup is there');
      const data = await new OrganizationFile(path, fileOperations, () => {}).read();
      checkOwnership(id, data);
      checkUnique(writes.durable, data);
      const changes = changesThatMake(data);
      writes.durable.apply(id, changes);
      writes.staged.apply(id, changes);
    } catch (error) {
      throw new RolebridgeError(
        'store_unavailable',
        `The file ${path} can't be used: ${(error as Error).message}.`,
        {
          remedy: `Nothing was changed. Restore the version before it (cp -p ${path}.bak ${path}) or a backup of your own, and start again. A file of a newer version of Rolebridge needs that version.`,
          cause: error,
        },
      );
    }
  }
  // Only now: a start that is refused leaves everything as it was.
  for (const name of names) if (isTemporary(name)) await unlink(join(directory, name));
}

function checkOwnership(id: OrganizationId, data: OrganizationData): void {
  if (data.organization.id !== id) throw new Error(`it holds the organization ${data.organization.id}`);
  const owned = [...data.apiKeys, ...data.connections, ...data.watches, ...data.messages, ...data.tokens];
  for (const record of owned)
    if (record.organizationId !== id) throw new Error('a record in it belongs to another organization');
}

/** What no two records may share, within the file and with the files read before. */
function checkUnique(known: Records, data: OrganizationData): void {
  const seen = new Set<string>();
  const once = (what: string, value: string, isKnown: boolean) => {
    const name = `${what} ${value}`;
    if (isKnown || seen.has(name)) throw new Error(`the ${name} in it is in the store twice`);
    seen.add(name);
  };
  for (const { id } of data.apiKeys) once('API key', id, known.apiKeys.has(id));
  for (const connection of data.connections) {
    once('connection', connection.id, known.connections.has(connection.id));
    for (const externalId of externalIdsOf(connection))
      once('external ID', externalId, known.externalIds.has(externalId));
    const role = claimedRole(connection);
    if (role !== undefined) once('role', role, known.claimedRoles.has(role));
    for (const key of new Set(connection.scopes.map(scopeKey))) once('scope', key, false);
  }
}

function changesThatMake(data: OrganizationData): RecordChange[] {
  const receipts = [...data.receipts].sort((one, other) =>
    one.firstAttemptAt < other.firstAttemptAt ? -1 : one.firstAttemptAt > other.firstAttemptAt ? 1 : 0,
  );
  return [
    { kind: 'organization', id: data.organization.id, next: data.organization },
    ...data.apiKeys.map((next) => ({ kind: 'apiKey' as const, id: next.id, next })),
    ...[...data.connections]
      .sort((one, other) => (one.createdAt < other.createdAt ? -1 : one.createdAt > other.createdAt ? 1 : 0))
      .map((next) => ({ kind: 'connection' as const, id: next.id, next })),
    ...receipts.map((next) => ({
      kind: 'receipt' as const,
      id: receiptId(next.connectionId, next.webhookId),
      next,
    })),
    ...data.watches.map((next) => ({ kind: 'watch' as const, id: watchId(next), next })),
    ...data.messages.map((next) => ({ kind: 'message' as const, id: messageId(next), next })),
    ...data.tokens.map((next) => ({ kind: 'token' as const, id: tokenId(next.kind, next.hash), next })),
  ];
}
