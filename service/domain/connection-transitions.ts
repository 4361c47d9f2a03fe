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
  /** Where it applies, if the vendor says so. */
  readonly scopes?: readonly Scope[] | undefined;
  readonly scopeFrom?: 'callback' | undefined;
} & ConnectionLabels;

/** One that waits for a role may be made for a permission set. */
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
  readonly role: Pick<ParsedRoleArn, 'arn' | 'accountId'>;
  readonly roleId: string;
  /** The external ID that the role requires. */
  readonly externalId: ExternalId;
  readonly assurance: Assurance;
  readonly probedAt: string;
  /** As the role was checked against it. */
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
    // AWS denied them all.
    foreignExternalIds: undefined,
  };
}

/** The role was checked again, and lacks something: it stays connected with its permissions. */
export function lacking(
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

/** The customer's stack took the role away. The scopes stay: their targets must not fall through to a wider connection. */
export const disconnected = (connection: RoleConnection, disconnectedAt: string): DisconnectedConnection => ({
  ...sharedByRoles.parse(connection),
  status: 'disconnected',
  reason: 'deprovisioned',
  disconnectedAt,
});

/** The role that was reported and never connected is gone: the connection waits for one again. */
export const pendingAgain = (connection: RoleConnection): PendingConnection => ({
  ...sharedByRoles.parse(connection),
  status: 'pending',
});

/** While it waits for its role: for another account, or made for another permission set. */
export const awaiting = (
  connection: PendingConnection,
  change: Partial<Pick<PendingConnection, 'expectedAccountId' | 'permissionSet'>>,
): PendingConnection => ({ ...connection, ...change });

/** Bound to another account: with a registration that nothing of the account before knows, back to pending. */
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

/** Its external ID opened a role that another connection has, or (`isForeign` false) was denied that role. */
export const withForeignRole = (connection: Connection, arn: RoleArn, isForeign: boolean): Connection => {
  const others = (connection.foreignRoles ?? []).filter((role) => role !== arn);
  return { ...connection, foreignRoles: isForeign ? [...others, arn] : others };
};

/** Its role opened with another connection's external ID. */
export const openedByAnother = (
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
/** Null removes one. */
export const labelled = (
  connection: Connection,
  { reference, metadata, defaultRegion }: LabelChange,
): Connection => ({
  ...connection,
  ...(reference !== undefined && { reference: reference ?? undefined }),
  ...(metadata !== undefined && { metadata }),
  ...(defaultRegion !== undefined && { defaultRegion: defaultRegion ?? undefined }),
});

export const renamed = (connection: Connection, name: string): Connection => ({ ...connection, name });

/** The vendor says where the connection applies. */
export const scopedByVendor = (connection: Connection, scopes: readonly Scope[]): Connection => ({
  ...connection,
  scopes,
  vendorScopes: scopes,
});

/** Starts a rotation of the external ID, or (undefined) cancels it. */
export const withPendingExternalId = (
  connection: RoleConnection,
  pendingExternalId: ExternalId | undefined,
): RoleConnection => ({ ...connection, pendingExternalId });

type CallbackSecrets = Pick<RoleRegistration, 'encryptedCallbackSecret' | 'previousCallbackSecret'>;

/** Undefined when the connection has none. */
export function withCallbackSecrets(
  connection: Connection,
  secrets: CallbackSecrets,
): Connection | undefined {
  if (connection.method === 'assume_role') return { ...connection, ...secrets };
  const { migration } = connection;
  return migration && { ...connection, migration: { ...migration, ...secrets } };
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

/** A role may take the access key's place; or one was refused for it. */
export const migrating = <Moving extends AccessKeyConnection>(
  connection: Moving,
  migration: RoleMigration,
): Moving => ({ ...connection, migration });

/** A later report of the same finding: nothing changes for users of the connection. */
export const reported = <Verified extends VerifiableConnection>(
  connection: Verified,
  verification: Verification,
): Verified => ({ ...connection, verification });

/** The next version of a connection. */
export const revised = <Next extends Connection>(
  next: Next,
  before: Connection,
  updatedAt: string,
): Next => ({
  ...next,
  version: before.version + 1,
  updatedAt,
});
