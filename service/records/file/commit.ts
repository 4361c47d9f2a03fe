import { RolebridgeError } from '../../domain/errors.js';
import type { ConnectionId, OrganizationId } from '../../domain/ids.js';
import type { Change } from '../../domain/ports.js';
import { ownCopy } from '../records/index.js';
import {
  assertRoleFree,
  assertUnchanged,
  freeScopes,
  ownConnection,
  retireExternalIds,
} from './conflicts.js';
import { messageId, type RecordChange, receiptId, watchId } from './records.js';
import type { StagedWrites } from './staged-writes.js';

/** Either all of it is on the disk or nothing. */
export async function commitChange(writes: StagedWrites, change: Change): Promise<void> {
  const changes: RecordChange[] = [];
  const organizationIds = new Set<OrganizationId>();
  if (change.connection !== undefined) {
    const { organizationId } = change.connection.next;
    organizationIds.add(organizationId);
    assertOrganization(writes, organizationId);
    try {
      changes.push(...connectionChanges(writes, change.connection, change.replaceScopes ?? false));
    } catch (error) {
      // Whoever is told that somebody was faster finds what they stored.
      await writes.settled(organizationId);
      throw error;
    }
  }
  const belongsTo = (connectionId: ConnectionId) => {
    const { next } = change.connection ?? {};
    organizationIds.add(
      next?.id === connectionId ? next.organizationId : organizationOf(writes, connectionId),
    );
  };
  if (change.receipt !== undefined) {
    const next = ownCopy('receipt', change.receipt);
    belongsTo(next.connectionId);
    changes.push({ kind: 'receipt', id: receiptId(next.connectionId, next.webhookId), next });
  }
  for (const ended of change.endJobs ?? []) {
    belongsTo(ended.connectionId);
    changes.push({ kind: 'watch', id: watchId(ended), next: undefined });
  }
  for (const watch of change.watches ?? []) {
    belongsTo(watch.connectionId);
    organizationIds.add(watch.organizationId);
    changes.push({ kind: 'watch', id: watchId(watch), next: ownCopy('watch', watch) });
  }
  for (const message of change.messages ?? []) {
    belongsTo(message.connectionId);
    organizationIds.add(message.organizationId);
    changes.push({ kind: 'message', id: messageId(message), next: ownCopy('message', message) });
  }
  const [organizationId, another] = organizationIds;
  if (another !== undefined) throw new TypeError('One change is of one organization.');
  if (organizationId !== undefined) await writes.stage(organizationId, changes);
}

function connectionChanges(
  writes: StagedWrites,
  { next, ifVersion }: NonNullable<Change['connection']>,
  replaceScopes: NonNullable<Change['replaceScopes']>,
): RecordChange[] {
  const own = ownConnection(next);
  assertUnchanged(writes.staged, own, ifVersion);
  assertRoleFree(writes, own);
  return [
    ...freeScopes(writes.staged, own, replaceScopes),
    ...retireExternalIds(writes.staged, own),
    { kind: 'connection', id: own.id, next: own },
  ];
}

/** @throws RolebridgeError `connection_not_found` */
export function organizationOf(writes: StagedWrites, id: ConnectionId): OrganizationId {
  const connection = writes.staged.connections.get(id);
  if (connection === undefined)
    throw new RolebridgeError('connection_not_found', 'There is no such connection.');
  return connection.organizationId;
}

/** @throws RolebridgeError `not_found` */
export function assertOrganization(writes: StagedWrites, id: OrganizationId): void {
  if (!writes.staged.organizations.has(id))
    throw new RolebridgeError('not_found', 'There is no such organization.');
}
