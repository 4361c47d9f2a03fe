import type { Connection } from '../domain/connection.js';
import { RolebridgeError } from '../domain/errors.js';
import { isConnectionId, type OrganizationId } from '../domain/ids.js';
import type { Store } from '../domain/ports.js';

/** @throws RolebridgeError `connection_not_found`, the same for an unknown id and for another organization's */
export async function findConnection(
  store: Store,
  organizationId: OrganizationId,
  id: string,
): Promise<Connection> {
  const connection = isConnectionId(id) ? await store.connection(organizationId, id) : undefined;
  if (connection === undefined)
    throw new RolebridgeError('connection_not_found', 'This organization has no connection with that id.', {
      remedy: 'List the connections with GET /v1/connections and use one of their ids.',
    });
  return connection;
}
