import type { AuditRecord } from '../../domain/audit.js';
import type { ApiKey, Connection, Organization } from '../../domain/connection.js';
import type { AuditId, ConnectionId, ExternalId, OrganizationId } from '../../domain/ids.js';
import type { IdempotencyRecord, Job, OutboxMessage, Token } from '../../domain/ports.js';

/** An external ID that its connection had before, or was to have: it is never issued again. */
export interface RetiredExternalId {
  readonly externalId: ExternalId;
  readonly connectionId: ConnectionId;
}

/** Everything that a store keeps of one organization, but its audit log. */
export interface OrganizationContents {
  readonly organization: Organization;
  readonly apiKeys: readonly ApiKey[];
  /** Deleted ones too. */
  readonly connections: readonly Connection[];
  readonly receipts: readonly IdempotencyRecord[];
  readonly watches: readonly Job[];
  readonly messages: readonly OutboxMessage[];
  readonly tokens: readonly Token[];
  readonly retiredExternalIds: readonly RetiredExternalId[];
}

/** A store that can be read whole, while nobody changes it. */
export interface WholeStore {
  contents(): Iterable<OrganizationContents>;
  /** Those with an audit log: one that could not be made has one, too. */
  organizationsWithAudit(): Iterable<OrganizationId>;
  /** The newest first. */
  auditRecords(
    organizationId: OrganizationId,
    page: { limit: number; before?: AuditId | undefined },
  ): Promise<{ records: AuditRecord[]; hasMore: boolean }>;
}

/** How many of each there are. */
export interface Counts {
  readonly organizations: number;
  readonly apiKeys: number;
  readonly connections: number;
  readonly receipts: number;
  readonly watches: number;
  readonly messages: number;
  readonly tokens: number;
  readonly auditRecords: number;
}
