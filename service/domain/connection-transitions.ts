/**
 * Every change of a connection, each a function from a connection to the next one. The members of the state before are
 * dropped by the schema of what all states share, so no state inherits a member of another.
 */
import {
  type AccessKeyConnection,
  type Assurance,
  accessKeyBase,
  type ConnectedConnection,
  type Connection,
  type ConnectionLabels,
  claimedRole,
  type DeployedPermissionSet,
  type DisconnectedConnection,
  type FailedConnection,
  type KeyedConnection,
  type LabelChange,
  type PendingConnection,
  type RoleConnection,
  type RoleMigration,
  type RoleRegistration,
  roleBase,
  roleRegistrationOf,
  type StoredAccessKey,
  type VerifiableConnection,
} from './connection.js';
import type { AccountId, ExternalId } from './ids.js';
import type { ParsedRoleArn, RoleArn } from './role-arn.js';
import type { Scope } from './scope.js';
import type { FailedVerification, PassedVerification, Verification } from './verification.js';

const sharedByRoles = roleBase.strip();
const sharedByKeys = accessKeyBase.strip();

/** Initial values of every connection. */
export type NewConnection = Pick<Connection, 'id' | 'organizationId' | 'name' | 'partition' | 'createdAt'> & {
  readonly expectedAccountId?: AccountId | undefined;
  /** Where the connection applies. Absent: its first callback decides. */
  readonly scopes?: readonly Scope[] | undefined;
  readonly scopeFrom?: 'callback' | undefined;
} & ConnectionLabels;

/** A connection that waits for a role can have a permission set. */
export type NewRoleConnection = NewConnection & {
  readonly permissionSet?: DeployedPermissionSet | undefined;
};

const created = ({ scopes, ...rest }: NewConnection) => ({
  ...rest,
  scopes: [...(scopes ?? [])],
  vendorScopes: scopes && [...scopes],
  version: 1,
  updatedAt: rest.createdAt,
});

/** A new connection that waits for its role. */
export const pending = (
  connection: NewRoleConnection,
  registration: RoleRegistration,
): PendingConnection => ({
  ...created(connection),
  ...registration,
  method: 'assume_role',
  status: 'pending',
});

export interface VerifiedRole {
  readonly role: Pick<ParsedRoleArn, 'arn' | 'accountId' | 'partition'>;
  readonly roleId: string;
  /** The external ID that the role requires. */
  readonly externalId: ExternalId;
  readonly assurance: Assurance;
  readonly probedAt: string;
  /** The version that the role was checked against. */
  readonly permissionSet: DeployedPermissionSet | undefined;
  readonly verification: PassedVerification;
  readonly scopes: readonly Scope[];
}

/** The role passed every check. It binds the connection to its account, and replaces an access key. */
export function connected(connection: Connection, verified: VerifiedRole): ConnectedConnection {
  const registration = roleRegistrationOf(connection);
  if (registration === undefined) throw new Error(`Connection ${connection.id} expects no role.`);
  const { role, roleId, externalId, assurance, probedAt, permissionSet, verification, scopes } = verified;
  const { pendingExternalId } = registration;
  return {
    ...sharedByRoles.parse({ ...connection, ...registration, method: 'assume_role' }),
    externalId,
    pendingExternalId: externalId === registration.externalId ? pendingExternalId : undefined,
    expectedAccountId: role.accountId,
    partition: role.partition,
    status: 'connected',
    roleArn: role.arn,
    roleId,
    accountId: role.accountId,
    assurance,
    permissionSet,
    permissions: verification.permissions?.state,
    probedAt,
    verification,
    scopes,
    // AWS denied all of them.
    foreignExternalIds: undefined,
  };
}

/** The role lacks a permission: it stays connected, with the new report of its permissions. */
export function withMissingPermissions(
  connection: ConnectedConnection,
  { permissions, checks }: Pick<FailedVerification, 'permissions' | 'checks'>,
): ConnectedConnection {
  const { verification } = connection;
  const found = checks.find(({ name }) => name === 'permissions');
  const others = verification.checks.filter(({ name }) => name !== 'permissions');
  return {
    ...connection,
    permissions: permissions?.state,
    verification: { ...verification, permissions, checks: found ? [...others, found] : others },
  };
}

/** The role failed a check. */
export const failed = (
  connection: RoleConnection,
  found: { roleArn: RoleArn; roleId?: string | undefined; verification: FailedVerification },
): FailedConnection => ({
  ...sharedByRoles.parse(connection),
  ...found,
  status: 'failed',
  wasConnected: claimedRole(connection) !== undefined,
});

/** The customer's stack deleted the role. The scopes stay, so that their targets never resolve to a wider connection. */
export const disconnected = (connection: RoleConnection, disconnectedAt: string): DisconnectedConnection => ({
  ...sharedByRoles.parse(connection),
  status: 'disconnected',
  reason: 'deprovisioned',
  disconnectedAt,
});

/** The reported role, which never connected, is gone: the connection waits for a role again. */
export const pendingAgain = (connection: RoleConnection): PendingConnection => ({
  ...sharedByRoles.parse(connection),
  status: 'pending',
});

/** A pending connection with another account or permission set. */
export const awaiting = (
  connection: PendingConnection,
  change: Partial<Pick<PendingConnection, 'expectedAccountId' | 'permissionSet'>>,
): PendingConnection => ({ ...connection, ...change });

/** The connection is bound to another account: pending, with a registration that the previous account does not know. */
export const released = (
  connection: RoleConnection,
  { expectedAccountId, registration }: { expectedAccountId: AccountId; registration: RoleRegistration },
): PendingConnection => ({
  ...pendingAgain(connection),
  pendingExternalId: undefined,
  previousCallbackSecret: undefined,
  ...registration,
  expectedAccountId,
});

/** The tombstone of a deleted connection, to recognize its stack's last callback. */
export function deleted(connection: Connection, disconnectedAt: string): Connection {
  const end = {
    name: '',
    reference: undefined,
    metadata: undefined,
    defaultRegion: undefined,
    scopes: [],
    vendorScopes: undefined,
    expectedAccountId: undefined,
    status: 'disconnected',
    reason: 'deleted',
    disconnectedAt,
  } as const;
  if (connection.method === 'assume_role') return { ...sharedByRoles.parse(connection), ...end };
  const { migration } = connection;
  return {
    ...sharedByKeys.parse(connection),
    ...end,
    migration: migration && {
      externalId: migration.externalId,
      encryptedCallbackSecret: migration.encryptedCallbackSecret,
    },
  };
}

/** Records that its external ID opened a role of another connection or, with `isForeign` false, was denied it. */
export const withForeignRole = (connection: Connection, arn: RoleArn, isForeign: boolean): Connection => {
  const others = (connection.foreignRoles ?? []).filter((role) => role !== arn);
  return { ...connection, foreignRoles: isForeign ? [...others, arn] : others };
};

/** The role opened with the external ID of another connection. */
export const failedAsShared = (
  connection: RoleConnection & { readonly roleArn: RoleArn },
  foreign: ExternalId,
  verification: FailedVerification,
): FailedConnection => ({
  ...failed(connection, {
    roleArn: connection.roleArn,
    ...('roleId' in connection && { roleId: connection.roleId }),
    verification,
  }),
  foreignExternalIds: [...new Set([...(connection.foreignExternalIds ?? []), foreign])],
});
/** The connection with changed labels; null removes one. */
export const labeled = (
  connection: Connection,
  { reference, metadata, defaultRegion }: LabelChange,
): Connection => ({
  ...connection,
  ...(reference !== undefined && { reference: reference ?? undefined }),
  ...(metadata !== undefined && { metadata }),
  ...(defaultRegion !== undefined && { defaultRegion: defaultRegion ?? undefined }),
});

export const renamed = (connection: Connection, name: string): Connection => ({ ...connection, name });

/** The vendor set where the connection applies. */
export const scopedByVendor = (connection: Connection, scopes: readonly Scope[]): Connection => ({
  ...connection,
  scopes,
  vendorScopes: scopes,
});

type CallbackSecrets = Pick<RoleRegistration, 'encryptedCallbackSecret' | 'previousCallbackSecret'>;

/** An access key without a migration to a role has no such secrets, and stays as it is. */
export function withCallbackSecrets(connection: Connection, secrets: CallbackSecrets): Connection {
  if (connection.method === 'assume_role') return { ...connection, ...secrets };
  const { migration } = connection;
  return migration ? { ...connection, migration: { ...migration, ...secrets } } : connection;
}

/** A connection with an access key that works. */
export const withNewAccessKey = (connection: NewConnection, key: VerifiedAccessKey): KeyedConnection => ({
  ...created(connection),
  ...key,
  method: 'access_key',
  status: 'connected',
});

export interface VerifiedAccessKey {
  readonly accountId: AccountId;
  readonly accessKey: StoredAccessKey;
  readonly verification: Verification;
}

export const keyConnected = (connection: KeyedConnection, key: VerifiedAccessKey): KeyedConnection => ({
  ...connection,
  ...key,
  status: 'connected',
});

export const keyFailed = (connection: KeyedConnection, verification: Verification): KeyedConnection => ({
  ...connection,
  verification,
  status: 'failed',
});

/** The same key, encrypted again. */
export const withEncryptedKey = (
  connection: KeyedConnection,
  encrypted: StoredAccessKey['encrypted'],
): KeyedConnection => ({ ...connection, accessKey: { ...connection.accessKey, encrypted } });

/** A migration to a role started, or its role failed the verification. */
export const migrating = <Moving extends AccessKeyConnection>(
  connection: Moving,
  migration: RoleMigration,
): Moving => ({ ...connection, migration });

/** A newer report of the same result: nothing changes for users of the connection. */
export const withReport = <Verified extends VerifiableConnection>(
  connection: Verified,
  verification: Verification,
): Verified => ({ ...connection, verification });

/** The next version of a connection. */
export const nextVersion = <Next extends Connection>(
  next: Next,
  before: Connection,
  updatedAt: string,
): Next => ({
  ...next,
  version: before.version + 1,
  updatedAt,
});
