import { type Connection, claimedRole, externalIdsOf, isDeleted } from '../../domain/connection.js';
import { mayTakeScopes, withoutScopes } from '../../domain/connection-scopes.js';
import { RolebridgeError } from '../../domain/errors.js';
import type { Change } from '../../domain/ports.js';
import { describeScope, scopeFromKey, scopeKey } from '../../domain/scope.js';
import { keepInPlaceOf, ownCopy } from '../records/index.js';
import { packConnection } from './packed.js';
import type { RecordChange, Records } from './records.js';
import type { StagedWrites } from './staged-writes.js';

/** What may not be, judged against what is on the disk and on its way there. @throws RolebridgeError `connection_changed` */
export function assertUnchanged(staged: Records, next: Connection, ifVersion: number | null): void {
  const stored = staged.connections.get(next.id);
  if (
    (stored?.version ?? null) !== ifVersion ||
    (stored !== undefined && stored.organizationId !== next.organizationId)
  )
    throw new RolebridgeError('connection_changed', 'The connection was changed by somebody else.', {
      remedy: 'Read the connection again and repeat the change.',
    });
  for (const externalId of externalIdsOf(next))
    if ((staged.externalIds.get(externalId) ?? next.id) !== next.id) throw alreadyThere('external ID');
}

/** @throws RolebridgeError `role_already_connected`, and `store_unavailable` while it is not known who has the role */
export function assertRoleFree(writes: StagedWrites, next: Connection): void {
  const role = claimedRole(next);
  if (role === undefined) return;
  const { staged, durable } = writes;
  const stagedHolder = staged.claimedRoles.get(role);
  const durableHolder = durable.claimedRoles.get(role);
  // A role that another organization gives up is free once that is on the disk, since it may still be rolled back.
  const isHeldElsewhere =
    durableHolder !== undefined &&
    durable.connections.get(durableHolder)?.organizationId !== next.organizationId;
  if ((stagedHolder !== undefined && stagedHolder !== next.id) || isHeldElsewhere)
    throw new RolebridgeError('role_already_connected', 'This role is already connected.', {
      remedy: 'Disconnect it where it is connected, or use another role.',
    });
  if (durableHolder !== next.id) writes.assertOthersCertain(next.organizationId);
}

/** The changes to those that lose scopes to `next`. @throws RolebridgeError `scope_taken` */
export function freeScopes(
  staged: Records,
  next: Connection,
  replaceScopes: NonNullable<Change['replaceScopes']>,
): RecordChange[] {
  if (isDeleted(next)) return [];
  const records = staged.of(next.organizationId);
  const wanted = new Set(next.scopes.map(scopeKey));
  const holders = [...wanted].flatMap((key) => {
    const id = records.holders.get(key);
    const connection = id !== undefined && id !== next.id && records.connections.get(id);
    return connection ? [{ connection, scope: scopeFromKey(key) }] : [];
  });
  const inTheWay = holders.filter(({ connection }) => !mayTakeScopes(connection, next, replaceScopes));
  if (inTheWay.length > 0)
    throw new RolebridgeError(
      'scope_taken',
      inTheWay
        .map(({ connection, scope }) => `"${connection.name}" already serves ${describeScope(scope)}.`)
        .join(' '),
      {
        remedy: 'Choose another scope, or replace the connection that holds it.',
        members: {
          holders: inTheWay.map(({ connection, scope }) => ({
            connectionId: connection.id,
            name: connection.name,
            scope,
          })),
        },
      },
    );
  return [...new Set(holders.map(({ connection }) => connection))].map((holder) => ({
    kind: 'connection',
    id: holder.id,
    next: ownConnection({
      ...withoutScopes(holder, wanted),
      version: holder.version + 1,
      updatedAt: next.updatedAt,
    }),
  }));
}

/** What takes out of use the external IDs that the connection has no more, and back into use those that it has again. */
export function retireExternalIds(staged: Records, next: Connection): RecordChange[] {
  const before = staged.connections.get(next.id);
  const kept = new Set(externalIdsOf(next));
  const retired = staged.organizations.get(next.organizationId)?.retiredExternalIds;
  const kind = 'retiredExternalId';
  return [
    ...[...kept].filter((id) => retired?.has(id)).map((id) => ({ kind, id, next: undefined }) as const),
    ...(before === undefined ? [] : externalIdsOf(before))
      .filter((id) => !kept.has(id))
      .map((id) => ({ kind, id, next: { externalId: id, connectionId: next.id } }) as const),
  ];
}

/** The store's own copy of a connection, packed. */
export function ownConnection(connection: Connection): Connection {
  const copy = ownCopy('connection', connection);
  return keepInPlaceOf(copy, packConnection(copy));
}

export const alreadyThere = (what: string): RolebridgeError =>
  new RolebridgeError('internal_error', `This ${what} is already in the store.`);
