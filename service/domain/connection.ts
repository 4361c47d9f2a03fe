import type { AccountId, ApiKeyId, ConnectionId, ExternalId, OrganizationId } from './ids.js';
import type { RoleArn } from './role-arn.js';
import type { Scope } from './scope.js';
import type { Verification } from './verification.js';

/** A tenant of the vendor's platform. Times are ISO 8601 in UTC, everywhere in the domain. */
export interface Organization {
  readonly id: OrganizationId;
  readonly name: string;
  readonly createdAt: string;
}

export interface ApiKey {
  readonly id: ApiKeyId;
  readonly organizationId: OrganizationId;
  readonly name: string;
  /** SHA-256 of the whole key, hexadecimal. The key itself is shown once and kept nowhere. */
  readonly hash: string;
  readonly createdAt: string;
}

interface ConnectionBase {
  readonly id: ConnectionId;
  readonly organizationId: OrganizationId;
  readonly name: string;
  readonly method: 'assume_role';
  readonly externalId: ExternalId;
  /** The callback's secret, sealed with the service's key. */
  readonly sealedCallbackSecret: string;
  readonly expectedAccountId?: AccountId | undefined;
  readonly partition: string;
  readonly scopes: readonly Scope[];
  /** Counts up with every change; a change names the version it was made from. */
  readonly version: number;
  readonly createdAt: string;
  readonly updatedAt: string;
}

export type ConnectionState =
  | { readonly status: 'pending' }
  | {
      readonly status: 'connected';
      readonly roleArn: RoleArn;
      readonly accountId: AccountId;
      readonly verification: Verification;
    }
  | {
      readonly status: 'failed';
      readonly roleArn: RoleArn;
      readonly verification: Verification;
      /** True when the role was connected before: the connection keeps its claim on the role. */
      readonly wasConnected: boolean;
    }
  | {
      readonly status: 'disconnected';
      readonly reason: 'deprovisioned' | 'deleted';
      readonly disconnectedAt: string;
    };

/** One way into one AWS account. */
export type Connection = ConnectionBase & ConnectionState;

/** Deleted connections stay in the store, without scopes, so that a late destroy is still recognized and no external ID comes twice. */
export const isDeleted = (connection: Connection): boolean =>
  connection.status === 'disconnected' && connection.reason === 'deleted';

/** The role that no other connection may have. A role that was never verified claims nothing, so that nobody can squat on one. */
export const claimedRole = (connection: Connection): RoleArn | undefined =>
  connection.status === 'connected' || (connection.status === 'failed' && connection.wasConnected)
    ? connection.roleArn
    : undefined;
