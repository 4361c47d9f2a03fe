/**
 * A connection: one schema, from which type, storage and answers derive. A state is a shape of its
 * own. Changes of a state are in `connection-transitions.ts`.
 */
import { z } from 'zod';
import type { DeepReadonly } from './deep-readonly.js';
import {
  type AccountId,
  accountId,
  connectionId,
  type ExternalId,
  externalId,
  organizationId,
} from './ids.js';
import { metadata, reference } from './organization.js';
import { type PermissionSetId, permissionSetName } from './permission-set.js';
import { parseRoleArn, partition, type RoleArn, roleArn } from './role-arn.js';
import { scope } from './scope.js';
import { permissionsState } from './verification/permissions-report.js';
import { isoTime, type Verification, verificationSchema } from './verification.js';

/** A region of AWS, such as `eu-central-1`. */
export const region = z
  .string()
  .max(32)
  .regex(/^[a-z]{2,4}(-[a-z]+){1,3}-\d{1,2}$/, 'must be a region of AWS, such as eu-central-1');

export const connectionStatus = z
  .enum(['pending', 'connected', 'failed', 'disconnected'])
  .meta({ id: 'ConnectionStatus' });
export const connectionMethod = z.enum(['assume_role', 'access_key']).meta({ id: 'ConnectionMethod' });

/** Members of every connection. */
const common = z.strictObject({
  id: connectionId,
  organizationId,
  name: z.string(),
  /** The vendor's reference and metadata; the service doesn't interpret them. */
  reference: reference.optional(),
  metadata: metadata.optional(),
  defaultRegion: region.optional().meta({ description: 'Passed on with credentials.' }),
  /** The account that the connection is bound to: set by the vendor, or that of the first connected role. */
  expectedAccountId: accountId.optional(),
  partition,
  scopes: z.array(scope).meta({ description: "Where it applies; {} is the organization's default." }),
  vendorScopes: z.array(scope).optional().meta({
    description:
      'Where the vendor last said that it applies; a callback may narrow that. Absent until the vendor says so.',
  }),
  scopeFrom: z
    .literal('callback')
    .optional()
    .meta({ description: "A callback can make it the organization's default." }),
  /** Roles of other connections that this external ID opened. Such a role is accepted here only after AWS denied it once. */
  foreignRoles: z.array(roleArn).optional(),
  /** External IDs of other connections that opened this role. The role passes again only when AWS denies them. */
  foreignExternalIds: z.array(externalId).optional(),
  /** Increases with every change. Storing a newer report of the same result does not increase it. */
  version: z.int(),
  createdAt: isoTime,
  updatedAt: isoTime,
  lastUsedAt: isoTime.optional().meta({
    description:
      'When credentials were last issued with it, within an hour. A crash of a file store may lose the last hour of it.',
  }),
});

/** Values of a customer's role, and the secret of its stack. */
const registration = z.strictObject({
  externalId: externalId.meta({
    description: "The value of sts:ExternalId that the role's trust policy must require.",
  }),
  /** Unique: no other connection ever had it. */
  pendingExternalId: externalId.optional().meta({ description: 'During a rotation: the next one.' }),
  /** The callback's secret, encrypted with the service's key. */
  encryptedCallbackSecret: z.string(),
  /** The previous secret, which is accepted until `validUntil`. */
  previousCallbackSecret: z.strictObject({ encrypted: z.string(), validUntil: isoTime }).optional(),
});
export type RoleRegistration = DeepReadonly<z.infer<typeof registration>>;

export const assurance = z.enum(['proven', 'tested']).meta({
  id: 'Assurance',
  description: 'proven: the trust policy was read and judged. tested: by probes only.',
});
export type Assurance = z.infer<typeof assurance>;

/** The permission set. The vendor chooses the name; the rest is as deployed by the customer. */
export const deployedPermissionSet = z.strictObject({
  name: permissionSetName,
  /** Absent until a role was checked against a version. */
  version: z.int().optional(),
  /** The optional statements that are left out. */
  without: z.array(z.string()),
  /** A newer version that was already reported to the vendor's endpoints. */
  newest: z.int().optional(),
});
export type DeployedPermissionSet = DeepReadonly<z.infer<typeof deployedPermissionSet>>;

const roleId = z.string().min(1).max(128).meta({ description: "The role's unique id." });
const verified = z.strictObject({
  roleArn,
  roleId,
  accountId,
  assurance,
  permissions: permissionsState.optional(),
  /** The time when the negative probes last passed. */
  probedAt: isoTime,
  acceptsBothExternalIdsSince: isoTime.optional().meta({
    description:
      'During a rotation: since when the role accepts the new external ID and still the previous one.',
  }),
  verification: verificationSchema,
});
const refused = z.strictObject({
  roleArn,
  roleId: roleId.optional(),
  verification: verificationSchema,
  /** The role was connected before: the connection keeps its claim on it. */
  wasConnected: z.boolean(),
});

/** The vendor's own labels of a connection. */
export type ConnectionLabels = DeepReadonly<
  Pick<z.infer<typeof common>, 'reference' | 'metadata' | 'defaultRegion'>
>;

/** A change of labels; null removes one. */
export interface LabelChange {
  readonly reference?: string | null | undefined;
  readonly metadata?: ConnectionLabels['metadata'];
  readonly defaultRegion?: string | null | undefined;
}

export const labelsOf = ({ reference, metadata, defaultRegion }: ConnectionLabels): ConnectionLabels => ({
  reference,
  metadata,
  defaultRegion,
});

export const roleBase = common.extend({
  method: z.literal('assume_role'),
  permissionSet: deployedPermissionSet.optional(),
  ...registration.shape,
});
/** Each state of a connection with a role. */
export const roleStates = {
  pending: roleBase.extend({ status: z.literal('pending') }),
  connected: roleBase.extend({ status: z.literal('connected'), ...verified.shape }),
  failed: roleBase.extend({ status: z.literal('failed'), ...refused.shape }),
  disconnected: roleBase.extend({
    status: z.literal('disconnected'),
    reason: z.enum(['deprovisioned', 'deleted']),
    disconnectedAt: isoTime,
  }),
};
const roleSchema = z.discriminatedUnion('status', [
  roleStates.pending,
  roleStates.connected,
  roleStates.failed,
  roleStates.disconnected,
]);

/** A migration from an access key to a role; the key stays in use until the role has been verified. */
export const migration = registration.extend({
  /** The last role that failed the verification, and its report. */
  roleArn: roleArn.optional(),
  verification: verificationSchema.optional(),
});
export type RoleMigration = DeepReadonly<z.infer<typeof migration>>;

/** The stored access key of a connection. */
export const storedAccessKey = z.strictObject({
  /** The only part of the key that is shown. */
  lastFour: z.string().length(4).meta({ description: "The last four characters of the access key's id." }),
  /** The user or session that AWS says it belongs to. */
  principalArn: z.string(),
  /** The expiry that the customer stated; AWS does not reveal it. */
  sessionExpiresAt: z.string().optional(),
  encrypted: z.strictObject({
    keyId: z.string(),
    wrappedDataKey: z.string(),
    accessKeyId: z.string(),
    secretAccessKey: z.string(),
    sessionToken: z.string().optional(),
  }),
});
export type StoredAccessKey = DeepReadonly<z.infer<typeof storedAccessKey>>;

export const accessKeyBase = common.extend({
  method: z.literal('access_key'),
  migration: migration.optional(),
});
/** A key is verified before anything is stored, so such a connection is never pending. */
export const accessKeyStates = {
  keyed: accessKeyBase.extend({
    status: z.literal(['connected', 'failed']),
    accountId,
    accessKey: storedAccessKey,
    verification: verificationSchema,
  }),
  deleted: accessKeyBase.extend({
    status: z.literal('disconnected'),
    reason: z.literal('deleted'),
    disconnectedAt: isoTime,
  }),
};
const accessKeySchema = z.discriminatedUnion('status', [accessKeyStates.keyed, accessKeyStates.deleted]);

/** A connection to one AWS account. */
export const connectionSchema = z.discriminatedUnion('method', [roleSchema, accessKeySchema]);
export type RoleConnection = DeepReadonly<z.infer<typeof roleSchema>>;
export type AccessKeyConnection = DeepReadonly<z.infer<typeof accessKeySchema>>;
export type Connection = RoleConnection | AccessKeyConnection;

export type PendingConnection = Extract<RoleConnection, { status: 'pending' }>;
/** A connection with a verified role, whose sessions can be opened. */
export type ConnectedConnection = Extract<RoleConnection, { status: 'connected' }>;
export type FailedConnection = Extract<RoleConnection, { status: 'failed' }>;
export type DisconnectedConnection = Extract<RoleConnection, { status: 'disconnected' }>;
export type KeyedConnection = Exclude<AccessKeyConnection, { status: 'disconnected' }>;
export type VerifiableConnection = ConnectedConnection | FailedConnection | KeyedConnection;

/** Values of a role for this connection; an access key has none until its migration to a role starts. */
export const roleRegistrationOf = (connection: Connection): RoleRegistration | undefined =>
  connection.method === 'assume_role' ? connection : connection.migration;

/** The encrypted callback secret and, during a rotation, the previous one. */
export function encryptedCallbackSecretsOf(connection: Connection): string[] {
  const registered = roleRegistrationOf(connection);
  return [registered?.encryptedCallbackSecret, registered?.previousCallbackSecret?.encrypted].filter(
    (encrypted) => encrypted !== undefined,
  );
}

/** Binds an encrypted callback secret to its connection. */
export const callbackSecretContext = (connectionId: string): string => `callback-secret:${connectionId}`;

/** The external ID in use and, during a rotation, the pending one. */
export function externalIdsOf(connection: Connection): ExternalId[] {
  const registered = roleRegistrationOf(connection);
  return [registered?.externalId, registered?.pendingExternalId].filter((id) => id !== undefined);
}

export const verificationOf = (connection: Connection): Verification | undefined =>
  'verification' in connection ? connection.verification : undefined;

/** The access key of a connection; a deleted connection has none. */
export const accessKeyOf = (connection: Connection): StoredAccessKey | undefined =>
  connection.method === 'access_key' && connection.status !== 'disconnected'
    ? connection.accessKey
    : undefined;

/** Whether the connection has a role or an access key to verify. */
export const isVerifiable = (connection: Connection): connection is VerifiableConnection =>
  connection.status === 'connected' || connection.status === 'failed';

/** Deleted connections stay in the store, without scopes, to recognize a late destroy and never issue an external ID twice. */
export const isDeleted = (connection: Connection): boolean =>
  connection.status === 'disconnected' && connection.reason === 'deleted';

/** The account whose roles a callback can connect: the expected one, or that of the connected role or key. */
export function boundAccountOf(connection: Connection): AccountId | undefined {
  if (connection.method === 'access_key' && connection.status !== 'disconnected') return connection.accountId;
  const role = claimedRole(connection);
  return connection.expectedAccountId ?? (role && parseRoleArn(role).accountId);
}

export const permissionSetOf = (connection: Connection): DeployedPermissionSet | undefined =>
  connection.method === 'assume_role' ? connection.permissionSet : undefined;

/** `deploy@3`, or `deploy` while no version is known to be deployed. */
export const permissionSetLabel = ({
  name,
  version,
}: DeployedPermissionSet): PermissionSetId | DeployedPermissionSet['name'] =>
  version === undefined ? name : `${name}@${version}`;

/** The role that no other connection can have. An unverified role claims nothing, so that no one can squat on a role. */
export const claimedRole = (connection: Connection): RoleArn | undefined =>
  connection.method === 'assume_role' &&
  (connection.status === 'connected' || (connection.status === 'failed' && connection.wasConnected))
    ? connection.roleArn
    : undefined;
