import type { ConnectionId, OrganizationId } from './ids.js';

/** How often verifications may be asked for. */
export interface VerificationLimit {
  /** @throws RolebridgeError `rate_limited` */
  take(organizationId: OrganizationId, connectionId: ConnectionId | undefined): Promise<void>;
}
