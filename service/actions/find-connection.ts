import type { Connection } from '../domain/connection.js';
import { RolebridgeError } from '../domain/errors.js';
import { type ConnectionId, isConnectionId, type OrganizationId } from '../domain/ids.js';
import { type Authority, isWithinAuthority } from '../domain/permission.js';
import type { ConnectionPage, Store } from '../domain/ports.js';
import { isWithin, scopeFromKey, scopeKey } from '../domain/scope.js';

/** The caller and its limits. */
interface Viewer {
  readonly organizationId: OrganizationId;
  readonly authority: Authority;
  /** The only connection that a sign-in link opens. */
  readonly connectionId?: ConnectionId | undefined;
}

/**
 * @throws RolebridgeError `connection_not_found`, the same for an unknown id, for another organization's, and for one
 *   outside of the caller's scope
 */
export async function findConnection(
  store: Store,
  { organizationId, authority, connectionId }: Viewer,
  id: string,
): Promise<Connection> {
  const connection = isConnectionId(id) ? await store.connection(organizationId, id) : undefined;
  const isOther = connectionId !== undefined && id !== connectionId;
  if (connection === undefined || isOther || !isWithinAuthority(authority, connection))
    throw new RolebridgeError('connection_not_found', 'This organization has no connection with that id.', {
      remedy: 'List the connections with GET /v1/connections and use one of their ids.',
    });
  return connection;
}

/** A page of the connections within the caller's scope; the pages are read forward only. */
export async function visibleConnections(
  store: Store,
  { organizationId, authority }: Viewer,
  page: Omit<ConnectionPage, 'before'>,
): Promise<{ connections: Connection[]; hasMore: boolean }> {
  if (authority.scope === undefined) return store.connections(organizationId, page);
  if (page.after !== undefined) await findConnection(store, { organizationId, authority }, page.after);
  const wanted = page.scope === undefined ? authority.scope : scopeFromKey(page.scope);
  // The narrower of the two; what holds it may hold a scope outside of the caller's, too.
  const scope = scopeKey(isWithin(wanted, authority.scope) ? wanted : authority.scope);
  const isVisible = (connection: Connection) =>
    isWithinAuthority(authority, connection) && connection.scopes.some((each) => isWithin(each, wanted));
  const visible: Connection[] = [];
  for (let { after } = page; ; ) {
    const next = await store.connections(organizationId, { ...page, scope, after });
    visible.push(...next.connections.filter(isVisible));
    after = next.connections.at(-1)?.id;
    if (!next.hasMore || visible.length > page.limit)
      return { connections: visible.slice(0, page.limit), hasMore: visible.length > page.limit };
  }
}
