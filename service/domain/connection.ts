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
import { isoTime, verificationSchema } from './verification.js';

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
  /** The account that the connection is bound to: as the vendor said, or that of the first role that connected. */
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
    .meta({ description: "A callback may make it the organization's default." }),
  /** Roles of other connections that its external ID opened: none is its own before AWS denied it that ID once. */
  foreignRoles: z.array(roleArn).optional(),
  /** Other connections' external IDs that opened its role: it is safe again when AWS denies them. */
  foreignExternalIds: z.array(externalId).optional(),
  /** Increases with every change; a change names the version it was made from. A later report of the same finding is none. */
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
  /** No other connection has had it. */
  pendingExternalId: externalId.optional().meta({ description: 'During a rotation: the next one.' }),
  /** The callback's secret, encrypted with the service's key. */
  encryptedCallbackSecret: z.string(),
  /** The secret before, which signs as well until then. */
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
  /** Absent until a role was checked against one. */
  version: z.int().optional(),
  /** The optional statements that are left out. */
  without: z.array(z.string()),
  /** A newer version that the vendor's endpoints have heard of. */
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
  /** When the negative probes last passed. */
  probedAt: isoTime,
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

/** Null removes one. */
export interface LabelChange {
  readonly reference?: string | null | undefined;
  readonly metadata?: ConnectionLabels['metadata'];
  readonly defaultRegion?: string | null | undefined;
}

export const labelsOf = ({ reference, metadata, defaultRegion }: ConnectionLabels): ConnectionLabels => ({
  ...(reference !== undefined && { reference }),
  ...(metadata !== undefined && { metadata }),
  ...(defaultRegion !== undefined && { defaultRegion }),
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

/** A role that is to take an access key's place; the key stays in use until the role has been verified. */
export const migration = registration.extend({
  /** The last role that was refused, and why. */
  roleArn: roleArn.optional(),
  verification: verificationSchema.optional(),
});
export type RoleMigration = DeepReadonly<z.infer<typeof migration>>;

/** An access key as a connection has it. */
export const storedAccessKey = z.strictObject({
  /** All that is shown of it. */
  lastFour: z.string().length(4).meta({ description: "The last four characters of the access key's id." }),
  /** The user or session that AWS says it belongs to. */
  principalArn: z.string(),
  /** As the customer said; AWS does not tell. */
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

/** One way into one AWS account. */
export const connectionSchema = z.discriminatedUnion('method', [roleSchema, accessKeySchema]);
export type RoleConnection = DeepReadonly<z.infer<typeof roleSchema>>;
export type AccessKeyConnection = DeepReadonly<z.infer<typeof accessKeySchema>>;
export type Connection = RoleConnection | AccessKeyConnection;

export type PendingConnection = Extract<RoleConnection, { status: 'pending' }>;
/** One whose role sessions can be opened. */
export type ConnectedConnection = Extract<RoleConnection, { status: 'connected' }>;
export type FailedConnection = Extract<RoleConnection, { status: 'failed' }>;
export type DisconnectedConnection = Extract<RoleConnection, { status: 'disconnected' }>;
export type KeyedConnection = Exclude<AccessKeyConnection, { status: 'disconnected' }>;
export type VerifiableConnection = ConnectedConnection | FailedConnection | KeyedConnection;

/** Values of a role for this connection; an access key has none until its migration to a role starts. */
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
  return [trust?.externalId, trust?.pendingExternalId].filter((id) => id !== undefined);
}

/** The access key that a connection has; a deleted one has none. */
export const accessKeyOf = (connection: Connection): StoredAccessKey | undefined =>
  connection.method === 'access_key' && connection.status !== 'disconnected'
    ? connection.accessKey
    : undefined;

/** Has a role or an access key that can be verified. */
export const isVerifiable = (connection: Connection): connection is VerifiableConnection =>
  connection.status === 'connected' || connection.status === 'failed';

/** Deleted connections stay in the store, without scopes, so that a late destroy is recognized and no external ID is issued twice. */
export const isDeleted = (connection: Connection): boolean =>
  connection.status === 'disconnected' && connection.reason === 'deleted';

/** The account that a callback may connect a role of: the expected one, or that of the role or key connected now. */
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

/** The role that no other connection may have. A role that was never verified claims nothing: else anyone could squat on one. */
export const claimedRole = (connection: Connection): RoleArn | undefined =>
  connection.method === 'assume_role' &&
  (connection.status === 'connected' || (connection.status === 'failed' && connection.wasConnected))
    ? connection.roleArn
    : undefined;
