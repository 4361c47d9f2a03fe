import type { Requester } from '../domain/audit.js';
import { RolebridgeError } from '../domain/errors.js';
import type { OrganizationId } from '../domain/ids.js';
import type { Organization } from '../domain/organization.js';
import { audited } from './audited.js';
import { deleteConnection } from './change-connection.js';
import { suspendOrganization } from './change-organization.js';
import { type Dependencies, isoNow } from './dependencies.js';

/**
 * Deletes an organization with all its data, and destroys the key of its persons' names, so that names in the audit log,
 * backups and replicas become unreadable. The audit log stays, and its chain holds. Repeat an interrupted erase: until the
 * last step, the organization is suspended and can be found.
 */
export async function eraseOrganization(
  deps: Dependencies,
  by: Requester,
  organization: Organization,
): Promise<void> {
  const { id } = organization;
  await suspendOrganization(deps, by, organization);
  await audited(deps, by, { action: 'organization.erase', organizationId: id }, async () => {
    await deleteConnections(deps, by, id);
    await deps.store.eraseOrganization(id, isoNow(deps.clock));
    // A concurrent request may have created a connection before the suspension.
    await deleteConnections(deps, by, id);
  });
}

/** Deletes each connection, with its webhook and the confirmation that access has ended. */
async function deleteConnections(
  deps: Dependencies,
  by: Requester,
  organizationId: OrganizationId,
): Promise<void> {
  for (;;) {
    const { connections } = await deps.store.connections(organizationId, { limit: 100 });
    if (connections.length === 0) return;
    for (const connection of connections)
      await deleteConnection(deps, by, connection).catch((error: unknown) => {
        // A concurrent verification changed it; the next round deletes it.
        if (!(error instanceof RolebridgeError && error.code === 'connection_changed')) throw error;
      });
  }
}
