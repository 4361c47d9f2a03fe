import type { EncryptedAccessKey } from './access-key.js';
import type { AccountId, ApiKeyId, ConnectionId, ExternalId, OrganizationId } from './ids.js';
import { parseRoleArn, type RoleArn } from './role-arn.js';
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
  /** From then on it opens nothing. */
  readonly revokedAt?: string | undefined;
}

interface ConnectionBase {
  readonly id: ConnectionId;
  readonly organizationId: OrganizationId;
  readonly name: string;
  readonly expectedAccountId?: AccountId | undefined;
  readonly partition: string;
  readonly scopes: readonly Scope[];
  /** Counts up with every change; a change names the version it was made from. A check that found what the last one found is none. */
  readonly version: number;
  readonly createdAt: string;
  readonly updatedAt: string;
}

/** What a customer makes a role with, and what its stack signs with. */
export interface RoleRegistration {
  readonly externalId: ExternalId;
  /** While the external ID is being changed: the one that is to take its place. No other connection has had it. */
  readonly pendingExternalId?: ExternalId | undefined;
  /** The callback's secret, encrypted with the service's key. */
  readonly encryptedCallbackSecret: string;
  /** The secret before, which signs as well until then. */
  readonly previousCallbackSecret?: { readonly encrypted: string; readonly validUntil: string } | undefined;
}

/** The state of a connection with a role. */
export type RoleState =
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

/** A role that is to take an access key's place; the key goes on working until the role has been verified. */
export interface RoleMigration extends RoleRegistration {
  /** The last role that was refused, and why. */
  readonly roleArn?: RoleArn | undefined;
  readonly verification?: Verification | undefined;
}

/** An access key as a connection has it. */
export interface StoredAccessKey {
  /** Of the access key's id: all that is shown of it. */
  readonly lastFour: string;
  /** The user or session that AWS says it belongs to. */
  readonly principalArn: string;
  /** As the customer said; AWS does not tell. */
  readonly sessionExpiresAt?: string | undefined;
  readonly encrypted: EncryptedAccessKey;
}

/** The state of a connection with an access key: it is verified before anything is stored, so it is never pending. */
export type AccessKeyState = { readonly migration?: RoleMigration | undefined } & (
  | {
      readonly status: 'connected' | 'failed';
      readonly accountId: AccountId;
      readonly accessKey: StoredAccessKey;
      readonly verification: Verification;
    }
  | { readonly status: 'disconnected'; readonly reason: 'deleted'; readonly disconnectedAt: string }
);

export type RoleConnection = ConnectionBase &
  RoleRegistration & { readonly method: 'assume_role' } & RoleState;
export type AccessKeyConnection = ConnectionBase & { readonly method: 'access_key' } & AccessKeyState;

/** One way into one AWS account. */
export type Connection = RoleConnection | AccessKeyConnection;

/** What a role for this connection is made with; an access key has none until its move to a role begins. */
export const roleRegistrationOf = (connection: Connection): RoleRegistration | undefined =>
  connection.method === 'assume_role' ? connection : connection.migration;

/** The callback's secret and, in a rotation, the one before, as they are encrypted. */
export function encryptedCallbackSecretsOf(connection: Connection): string[] {
  const trust = roleRegistrationOf(connection);
  return [trust?.encryptedCallbackSecret, trust?.previousCallbackSecret?.encrypted].filter(
    (encrypted) => encrypted !== undefined,
  );
}

/** The external ID in use, and the one that is to take its place. */
export function externalIdsOf(connection: Connection): ExternalId[] {
  const trust = roleRegistrationOf(connection);
  return [trust?.externalId, trust?.pendingExternalId].filter((externalId) => externalId !== undefined);
}

/** The access key that a connection holds; a deleted one has none. */
export const accessKeyOf = (connection: Connection): StoredAccessKey | undefined =>
  connection.method === 'access_key' && connection.status !== 'disconnected'
    ? connection.accessKey
    : undefined;

/** Deleted connections stay in the store, without scopes, so that a late destroy is still recognized and no external ID comes twice. */
export const isDeleted = (connection: Connection): boolean =>
  connection.status === 'disconnected' && connection.reason === 'deleted';

/** The account that a callback may connect a role of: the expected one, or that of the role connected now. */
export function boundAccountOf(connection: Connection): AccountId | undefined {
  if (connection.status !== 'disconnected' && connection.method === 'access_key') return connection.accountId;
  const role = claimedRole(connection);
  return connection.expectedAccountId ?? (role && parseRoleArn(role).accountId);
}

/** The role that no other connection may have. A role that was never verified claims nothing, so that nobody can squat on one. */
export const claimedRole = (connection: Connection): RoleArn | undefined =>
  connection.method === 'assume_role' &&
  (connection.status === 'connected' || (connection.status === 'failed' && connection.wasConnected))
    ? connection.roleArn
    : undefined;
