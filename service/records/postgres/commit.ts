import { z } from 'zod';
import { type Connection, claimedRole, externalIdsOf, isDeleted } from '../../domain/connection.js';
import { mayTakeScopes, withoutScopes } from '../../domain/connection-scopes.js';
import { RolebridgeError } from '../../domain/errors.js';
import type { ConnectionId } from '../../domain/ids.js';
import type { Change } from '../../domain/ports.js';
import { describeScope, scopeFromKey, scopeKey } from '../../domain/scope.js';
import { recordText } from '../records/index.js';
import { findScopeHolders } from './connections.js';
import { type Database, Retry, type Session, statement } from './database.js';
import { DatabaseError, sqlState } from './database-error.js';
import { messageWork, watchWork } from './due-work.js';
import { alreadyThere, inKnownOrganization } from './organizations.js';
import { putReceipt } from './receipts.js';
import { anyRow, connectionRow } from './record-rows.js';

/** In the order of their ids, so that two changes that lock the same connections never wait for each other. */
const lock = statement(
  'lock_connections',
  connectionRow,
  `SELECT record FROM connections
   WHERE id = $1 OR id IN (
     SELECT connection_id FROM connection_scopes WHERE organization_id = $2 AND scope_key = ANY($3))
   ORDER BY id FOR UPDATE`,
);
const insert = statement(
  'insert_connection',
  anyRow,
  `INSERT INTO connections
     (id, organization_id, created_at, version, status, is_deleted, claimed_role, record)
   VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (id) DO NOTHING RETURNING id`,
);
const update = statement(
  'update_connection',
  anyRow,
  `UPDATE connections SET created_at = $3, version = $4, status = $5, is_deleted = $6, claimed_role = $7,
     record = $8
   WHERE id = $1 AND organization_id = $2`,
);
const freeScopes = statement(
  'free_scopes',
  anyRow,
  'DELETE FROM connection_scopes WHERE organization_id = $1 AND connection_id = $2 AND scope_key = ANY($3)',
);
const takeScopes = statement(
  'take_scopes',
  z.object({ scope_key: z.string() }),
  `INSERT INTO connection_scopes (organization_id, connection_id, scope_key)
   SELECT $1, $2, wanted.scope_key FROM unnest($3::text[]) AS wanted (scope_key)
   ON CONFLICT (organization_id, scope_key) DO NOTHING RETURNING scope_key`,
);
const takeExternalId = statement(
  'take_external_id',
  anyRow,
  `INSERT INTO external_ids (external_id, connection_id) VALUES ($1, $2)
   ON CONFLICT (external_id) DO NOTHING RETURNING external_id`,
);
const ownsExternalId = statement(
  'owns_external_id',
  anyRow,
  'SELECT external_id FROM external_ids WHERE external_id = $1 AND connection_id = $2',
);

/** One transaction; constraints of the database decide what two processes want at once. */
export function commitChange(database: Database, change: Change): Promise<void> {
  const { connection, receipt, watches = [], endJobs = [], messages = [] } = change;
  const parts: ((session: Session) => Promise<void>)[] = [
    ...(connection ? [(session: Session) => saveConnection(session, change, connection)] : []),
    ...(receipt ? [(session: Session) => putReceipt(session, receipt)] : []),
    ...endJobs.map(
      ({ connectionId, purpose }) =>
        (session: Session) =>
          watchWork.remove(session, [connectionId, purpose]),
    ),
    ...watches.map((watch) => (session: Session) => watchWork.put(session, watch)),
    ...messages.map((message) => (session: Session) => messageWork.put(session, message)),
  ];
  const [first, second] = parts;
  if (first === undefined) return Promise.resolve();
  // A single statement is a transaction of itself.
  if (second === undefined && !connection) return first(database);
  return database.transaction(async (session) => {
    for (const part of parts) await part(session);
  });
}

async function saveConnection(
  session: Session,
  { replaceScopes = false }: Change,
  { next, ifVersion }: NonNullable<Change['connection']>,
): Promise<void> {
  const wanted = scopeKeysOf(next);
  const locked =
    ifVersion === null && !replaceScopes
      ? []
      : await session.query(lock, [next.id, next.organizationId, replaceScopes ? wanted : []]);
  const stored = locked.find(({ id }) => id === next.id);
  if ((stored?.version ?? null) !== ifVersion || (stored && stored.organizationId !== next.organizationId))
    throw changedMeanwhile();
  for (const holder of locked) {
    if (holder === stored) continue;
    if (!mayTakeScopes(holder, next, replaceScopes)) continue;
    await takeFrom(session, holder, next, wanted);
  }

  const values = columnsOf(next);
  if (stored) await claimingRole(session.query(update, values));
  else if ((await claimingRole(session.query(insert, values))).length === 0) throw changedMeanwhile();

  const held = stored ? scopeKeysOf(stored) : [];
  const freed = held.filter((key) => !wanted.includes(key));
  if (freed.length > 0) await session.query(freeScopes, [next.organizationId, next.id, freed]);
  const added = wanted.filter((key) => !held.includes(key));
  if (added.length > 0) await takeFree(session, next, added, replaceScopes);

  const before = new Set(stored ? externalIdsOf(stored) : []);
  for (const externalId of externalIdsOf(next)) {
    if (before.has(externalId)) continue;
    if ((await session.query(takeExternalId, [externalId, next.id])).length > 0) continue;
    if ((await session.query(ownsExternalId, [externalId, next.id])).length === 0)
      throw alreadyThere('external ID');
  }
}

/** A locked connection gives up those of its scopes that `next` wants. */
async function takeFrom(
  session: Session,
  holder: Connection,
  next: Connection,
  wanted: readonly string[],
): Promise<void> {
  const lost = scopeKeysOf(holder).filter((key) => wanted.includes(key));
  // Given up while this waited for the lock.
  if (lost.length === 0) return;
  await session.query(freeScopes, [holder.organizationId, holder.id, lost]);
  await session.query(
    update,
    columnsOf({
      ...withoutScopes(holder, new Set(wanted)),
      version: holder.version + 1,
      updatedAt: next.updatedAt,
    }),
  );
}

async function takeFree(
  session: Session,
  next: Connection,
  keys: readonly string[],
  replaceScopes: NonNullable<Change['replaceScopes']>,
): Promise<void> {
  const taken = await session.query(takeScopes, [next.organizationId, next.id, keys]);
  if (taken.length === keys.length) return;
  const holders = (await findScopeHolders(session, next.organizationId, keys)).filter(
    ({ connection }) => connection.id !== next.id,
  );
  const inTheWay = holders.filter(({ connection }) => !mayTakeScopes(connection, next, replaceScopes));
  // Somebody took one after it was looked at, or gave one up: the next look knows.
  if (inTheWay.length === 0) throw new Retry();
  const named = inTheWay.map(({ key, connection }) => ({ connection, scope: scopeFromKey(key) }));
  throw new RolebridgeError(
    'scope_taken',
    named
      .map(({ connection, scope }) => `"${connection.name}" already serves ${describeScope(scope)}.`)
      .join(' '),
    {
      remedy: 'Choose another scope, or replace the connection that holds it.',
      members: {
        holders: named.map(({ connection, scope }) => ({
          connectionId: connection.id,
          name: connection.name,
          scope,
        })),
      },
    },
  );
}

/** Sorted: of two changes that want the same scopes, one waits for the other at the first of them. */
export const scopeKeysOf = (connection: Connection): string[] =>
  isDeleted(connection) ? [] : [...new Set(connection.scopes.map(scopeKey))].sort();

/** The values of a row of connections. */
export const columnsOf = (connection: Connection): unknown[] => [
  connection.id satisfies ConnectionId,
  connection.organizationId,
  connection.createdAt,
  connection.version,
  connection.status,
  isDeleted(connection),
  claimedRole(connection) ?? null,
  recordText('connection', connection),
];

async function claimingRole<Result>(written: Promise<Result>): Promise<Result> {
  return inKnownOrganization(written).catch((error) => {
    if (error instanceof DatabaseError && error.code === sqlState.uniqueViolation)
      throw new RolebridgeError('role_already_connected', 'This role is already connected.', {
        remedy: 'Disconnect it where it is connected, or use another role.',
      });
    throw error;
  });
}

const changedMeanwhile = (): RolebridgeError =>
  new RolebridgeError('connection_changed', 'The connection was changed by somebody else.', {
    remedy: 'Read the connection again and repeat the change.',
  });
