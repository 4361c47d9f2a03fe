import { z } from 'zod';
import type { Connection } from '../../domain/connection.js';
import { RolebridgeError } from '../../domain/errors.js';
import type { ConnectionId, OrganizationId } from '../../domain/ids.js';
import { keysWithin } from '../../domain/scope.js';
import { type Session, statement } from './database.js';
import { connectionRow, pageOf } from './record-rows.js';

const oneOfOrganization = statement(
  'connection',
  connectionRow,
  'SELECT record FROM connections WHERE id = $1 AND organization_id = $2 AND NOT is_deleted',
);
const oneOfAny = statement(
  'connection_of_any',
  connectionRow,
  'SELECT record FROM connections WHERE id = $1',
);
const placeOf = statement(
  'place_of_connection',
  z.object({ created_at: z.string() }),
  'SELECT created_at FROM connections WHERE id = $1 AND organization_id = $2',
);
const listedAfter = statement(
  'connections',
  connectionRow,
  `SELECT record FROM connections
   WHERE organization_id = $1 AND is_deleted = false AND (created_at, id) > ($2, $3)
   ORDER BY created_at, id LIMIT $4`,
);
const listedByStatusAfter = statement(
  'connections_by_status',
  connectionRow,
  `SELECT record FROM connections
   WHERE organization_id = $1 AND is_deleted = false AND status = $5 AND (created_at, id) > ($2, $3)
   ORDER BY created_at, id LIMIT $4`,
);
const countsByStatus = statement(
  'connection_counts',
  z.object({ status: z.enum(['pending', 'connected', 'failed', 'disconnected']), count: z.coerce.number() }),
  'SELECT status, count(*) AS count FROM connections WHERE is_deleted = false GROUP BY status',
);
const holderRow = z
  .looseObject({ scope_key: z.string() })
  .transform((row) => ({ key: row.scope_key, connection: connectionRow.parse(row) }));
const holders = statement(
  'scope_holders',
  holderRow,
  `SELECT scope_key, record FROM connection_scopes JOIN connections ON connections.id = connection_id
   WHERE connection_scopes.organization_id = $1 AND scope_key = ANY($2)`,
);
const narrowerHolders = statement(
  'narrower_scope_holders',
  holderRow,
  `SELECT scope_key, record FROM connection_scopes JOIN connections ON connections.id = connection_id
   WHERE connection_scopes.organization_id = $1 AND scope_key > $2 AND scope_key < $3
   ORDER BY scope_key LIMIT $4`,
);
const anyAfter = statement(
  'any_connections',
  connectionRow,
  'SELECT record FROM connections WHERE id > $1 ORDER BY id LIMIT $2',
);

const unwatchedAfter = statement(
  'unwatched_connections',
  connectionRow,
  `SELECT record FROM connections
   WHERE id > $1 AND is_deleted = false AND status IN ('connected', 'failed') AND NOT EXISTS (
     SELECT 1 FROM watches WHERE watches.connection_id = connections.id AND watches.purpose = 'verify')
   ORDER BY id LIMIT $2`,
);

export async function findConnection(
  database: Session,
  organizationId: OrganizationId,
  id: ConnectionId,
): Promise<Connection | undefined> {
  return (await database.query(oneOfOrganization, [id, organizationId]))[0];
}

export async function findForCallback(database: Session, id: ConnectionId): Promise<Connection | undefined> {
  return (await database.query(oneOfAny, [id]))[0];
}

export async function listConnections(
  database: Session,
  organizationId: OrganizationId,
  page: { limit: number; after?: ConnectionId | undefined; status?: Connection['status'] | undefined },
): Promise<{ connections: Connection[]; hasMore: boolean }> {
  let after = ['', ''];
  if (page.after !== undefined) {
    // Deleted since the page before, it still has its place.
    const [last] = await database.query(placeOf, [page.after, organizationId]);
    if (last === undefined)
      throw new RolebridgeError('request_invalid', `There is no connection ${JSON.stringify(page.after)}.`, {
        remedy: 'Begin again with the first page.',
      });
    after = [last.created_at, page.after];
  }
  const values = [organizationId, ...after, page.limit + 1];
  const found =
    page.status === undefined
      ? await database.query(listedAfter, values)
      : await database.query(listedByStatusAfter, [...values, page.status]);
  const { items, hasMore } = pageOf(found, page.limit);
  return { connections: items, hasMore };
}

export async function findScopeHolders(
  database: Session,
  organizationId: OrganizationId,
  keys: readonly string[],
): Promise<{ key: string; connection: Connection }[]> {
  const found = await database.query(holders, [organizationId, keys]);
  return keys.flatMap((key) => found.filter((holder) => holder.key === key));
}

export function findNarrowerScopeHolders(
  database: Session,
  organizationId: OrganizationId,
  key: string,
  limit: number,
): Promise<{ key: string; connection: Connection }[]> {
  const { after, before } = keysWithin(key);
  return database.query(narrowerHolders, [organizationId, after, before, limit]);
}

export const everyConnection = (database: Session) => pages(database, anyAfter);
export const unwatchedConnections = (database: Session) => pages(database, unwatchedAfter);

async function* pages(database: Session, page: typeof anyAfter): AsyncIterable<Connection> {
  for (let after = ''; ; ) {
    const { items, hasMore } = pageOf(await database.query(page, [after, 201]), 200);
    yield* items;
    after = items.at(-1)?.id ?? '';
    if (!hasMore) return;
  }
}

export async function countByStatus(database: Session): Promise<Record<Connection['status'], number>> {
  const counts = { pending: 0, connected: 0, failed: 0, disconnected: 0 };
  for (const { status, count } of await database.query(countsByStatus, [])) counts[status] = count;
  return counts;
}
