import { readdir, readFile, stat, truncate, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { claimedRole, externalIdsOf } from '../../domain/connection.js';
import { RolebridgeError } from '../../domain/errors.js';
import type { OrganizationId } from '../../domain/ids.js';
import { scopeKey } from '../../domain/scope.js';
import { type Repair, readLines } from './append-file.js';
import { type OrganizationData, readFormat } from './format.js';
import { readChange, withChanges } from './journal-format.js';
import { type FileOperations, isTemporary, syncDirectory } from './organization-file.js';
import { type FoundFiles, journalName, journalOf } from './organization-files.js';
import { packConnection } from './packed.js';
import { messageId, type RecordChange, type Records, receiptId, tokenId, watchId } from './records.js';
import type { StagedWrites } from './staged-writes.js';

/**
 * Reads and checks the files of all organizations; nothing is changed.
 * @returns what removes what a crash has left, and says what was lost
 */
export async function load(
  directory: string,
  writes: StagedWrites,
  files: FileOperations,
): Promise<() => Promise<Repair[]>> {
  const names = await readdir(directory);
  const present = new Set(names);
  const journals = new Map<OrganizationId, number[]>();
  for (const name of names) {
    const journal = journalOf(name);
    if (journal !== undefined)
      journals.set(journal.id, [...(journals.get(journal.id) ?? []), journal.number]);
  }
  const unused: string[] = names.filter(isTemporary);
  const torn: Torn[] = [];
  for (const name of names) {
    const file = name.endsWith('.json.bak') ? name.slice(0, -'.bak'.length) : name;
    if (!file.endsWith('.json') || (file !== name && present.has(file))) continue;
    const id = file.slice(0, -'.json'.length) as OrganizationId;
    const path = join(directory, file);
    const own = journals.get(id) ?? [];
    journals.delete(id);
    if (file !== name) throw storeError(path, new Error('it is missing, and its backup is there'));
    const { data, found } = await read(directory, id, own, torn);
    try {
      checkOwnership(id, data);
      checkUnique(writes.durable, data);
    } catch (error) {
      throw storeError(path, error);
    }
    const changes = changesThatMake(data);
    writes.durable.apply(id, changes);
    writes.staged.apply(id, changes);
    writes.continueWith(id, found);
    // Without a backup nothing needs the journals before; with one, the next snapshot removes them.
    if (found.snapshotJournal !== undefined && !present.has(`${file}.bak`))
      for (const number of own) if (number < found.snapshotJournal) unused.push(journalName(id, number));
  }
  // A journal is there before its snapshot: the organization's making was cut off, or the snapshot is lost.
  for (const [id, numbers] of journals)
    for (const number of numbers) {
      const name = journalName(id, number);
      const path = join(directory, name);
      if ((await stat(path)).size > 0)
        throw storeError(
          join(directory, `${id}.json`),
          new Error(`it is missing, and its journal ${name} is there`),
        );
      unused.push(name);
    }
  return async () => {
    for (const name of unused) await unlink(join(directory, name));
    for (const { path, wholeBytes } of torn) await truncate(path, wholeBytes);
    if (unused.length + torn.length > 0) await syncDirectory(directory, files);
    return torn.map(({ path, wholeBytes, sizeBytes }) => ({
      path,
      message: `The last ${sizeBytes - wholeBytes} bytes of ${path} were cut off: a change that a crash interrupted, and that was never acknowledged.`,
    }));
  };
}

interface Torn {
  readonly path: string;
  readonly wholeBytes: number;
  readonly sizeBytes: number;
}

/** The snapshot with the changes of its journal, and of those after it. */
async function read(
  directory: string,
  id: OrganizationId,
  journals: readonly number[],
  torn: Torn[],
): Promise<{ data: OrganizationData; found: FoundFiles }> {
  const path = join(directory, `${id}.json`);
  let snapshot: OrganizationData;
  let snapshotBytes: number;
  try {
    const bytes = await readFile(path);
    snapshotBytes = bytes.length;
    snapshot = readFormat(bytes.toString());
  } catch (error) {
    throw storeError(path, error);
  }
  const first = snapshot.journal;
  if (first === undefined)
    return { data: snapshot, found: { snapshotBytes, snapshotJournal: first, journal: undefined, journals } };
  const changes: RecordChange[] = [];
  const last = Math.max(first, ...journals);
  let sizeBytes = 0;
  for (let number = first; number <= last; number++) {
    const journal = join(directory, journalName(id, number));
    try {
      if (!journals.includes(number)) throw new Error('it is missing');
      const ends = await readLines(journal, (records) => {
        for (const record of records) changes.push(readChange(record));
      });
      if (ends.wholeBytes < ends.sizeBytes) torn.push({ path: journal, ...ends });
      sizeBytes = ends.wholeBytes;
    } catch (error) {
      throw new RolebridgeError(
        'store_unavailable',
        `The journal ${journal} can't be used: ${(error as Error).message}.`,
        {
          remedy: `Nothing was changed. It holds what was stored since ${path} was written. Restore a backup of your own of the whole data directory; or put the files named ${id}.* aside, and go on with what was stored before the damage by cutting the journal off there (truncate -s BYTE ${journal}).`,
          cause: error,
        },
      );
    }
  }
  const found = { snapshotBytes, snapshotJournal: first, journal: { number: last, sizeBytes }, journals };
  return { data: withChanges(snapshot, changes), found };
}

const storeError = (path: string, error: unknown): RolebridgeError =>
  new RolebridgeError('store_unavailable', `The file ${path} can't be used: ${(error as Error).message}.`, {
    remedy: `Nothing was changed. Restore the version before it (cp -p ${path}.bak ${path}), to which its journals add what came after, or a backup of your own, and start again. A file of a newer version of Rolebridge needs that version.`,
    cause: error,
  });

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
  for (const { externalId } of data.retiredExternalIds)
    once('external ID', externalId, known.externalIds.has(externalId));
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
      .map((next) => ({ kind: 'connection' as const, id: next.id, next: packConnection(next) })),
    ...receipts.map((next) => ({
      kind: 'receipt' as const,
      id: receiptId(next.connectionId, next.webhookId),
      next,
    })),
    ...data.watches.map((watch) => {
      // One text for all of the organization, in memory.
      const next = { ...watch, organizationId: data.organization.id };
      return { kind: 'watch' as const, id: watchId(next), next };
    }),
    ...data.messages.map((next) => ({ kind: 'message' as const, id: messageId(next), next })),
    ...data.tokens.map((next) => ({ kind: 'token' as const, id: tokenId(next.kind, next.hash), next })),
    ...data.retiredExternalIds.map((next) => ({
      kind: 'retiredExternalId' as const,
      id: next.externalId,
      next,
    })),
  ];
}
