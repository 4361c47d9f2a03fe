/** Changes of a connection while its external ID is rotated; `connected` completes a rotation. */
import type { ConnectedConnection, RoleConnection } from './connection.js';
import type { ExternalId } from './ids.js';

/** Starts a rotation of the external ID; undefined cancels it. */
export const withPendingExternalId = (
  connection: RoleConnection,
  pendingExternalId: ExternalId | undefined,
): RoleConnection =>
  connection.status === 'connected'
    ? { ...connection, pendingExternalId, acceptsBothExternalIdsSince: undefined }
    : { ...connection, pendingExternalId };

/** During a rotation: the role accepts the new external ID, and still the previous one. */
export const acceptingBothExternalIds = (
  connection: ConnectedConnection,
  since: string,
): ConnectedConnection => ({
  ...connection,
  acceptsBothExternalIdsSince: since,
});
