/** Schemas of connections as the API shows them, derived from the stored ones. `views.ts` builds the values. */
import { z } from 'zod';
import {
  accessKeyStates,
  connectionMethod,
  connectionStatus,
  migration,
  roleBase,
  roleStates,
  storedAccessKey,
} from '../../domain/connection.js';
import { check, errorCode } from '../../domain/verification.js';

const text = z.string();

export const links = z
  .object({ page: text })
  .optional()
  .meta({ description: 'In the answer to a callback: the page of the connection.' });
const warnings = z
  .array(z.object({ code: z.enum(['scope_kept', 'permission_set_kept']), message: text }))
  .optional()
  .meta({ description: 'In the answer to a callback: members that changed nothing.' });

const shown = {
  id: true,
  name: true,
  reference: true,
  metadata: true,
  defaultRegion: true,
  method: true,
  status: true,
  partition: true,
  expectedAccountId: true,
  scopes: true,
  vendorScopes: true,
  scopeFrom: true,
  createdAt: true,
  updatedAt: true,
  lastUsedAt: true,
} as const;
const shownOfRole = { ...shown, externalId: true, pendingExternalId: true } as const;
const shownOfEnd = { reason: true, disconnectedAt: true } as const;

/** The label of a permission set, and what it omits. */
const permissionSet = {
  permissionSet: text.optional().meta({
    description: 'The permission set: `deploy@3`, or `deploy` until a role was checked against a version.',
  }),
  without: z.array(text).optional().meta({ description: 'Its omitted optional statements.' }),
  newestPermissionSet: text.optional().meta({ description: 'A newer version, if there is one.' }),
};
const ofRole = { ...permissionSet, warnings, links };

export const migrateToRole = migration.pick({ externalId: true, roleArn: true, verification: true });
/** The stored members that the API shows, by state. */
export const own = {
  pending: roleStates.pending.pick(shownOfRole),
  connected: roleStates.connected.pick({
    ...shownOfRole,
    accountId: true,
    roleArn: true,
    roleId: true,
    assurance: true,
    permissions: true,
    acceptsBothExternalIdsSince: true,
    verification: true,
  }),
  failed: roleStates.failed.pick({ ...shownOfRole, roleArn: true, verification: true }),
  disconnected: roleStates.disconnected.pick({ ...shownOfRole, ...shownOfEnd }),
  keyed: accessKeyStates.keyed.pick({ ...shown, accountId: true, verification: true }),
  deleted: accessKeyStates.deleted.pick({ ...shown, ...shownOfEnd }),
};

const pending = own.pending.extend(ofRole).meta({ id: 'PendingConnection' });
const connected = own.connected
  .extend({
    ...ofRole,
    missingForProven: z
      .array(check.pick({ message: true }).extend({ remedy: text }))
      .optional()
      .meta({ description: 'Why a tested role is not proven, and what to do.' }),
  })
  .meta({ id: 'ConnectedConnection' });
const failed = own.failed.extend(ofRole).meta({ id: 'FailedConnection' });
const disconnected = own.disconnected.extend(ofRole).meta({ id: 'DisconnectedConnection' });
const keyed = own.keyed
  .extend({
    principalArn: storedAccessKey.shape.principalArn,
    accessKeyLastFour: storedAccessKey.shape.lastFour,
    sessionExpiresAt: storedAccessKey.shape.sessionExpiresAt,
    migrateToRole: migrateToRole.optional().meta({ description: 'The role that is to replace it.' }),
    warnings,
    links,
  })
  .meta({ id: 'AccessKeyConnection' });
const deleted = own.deleted.extend({ warnings, links }).meta({ id: 'DeletedAccessKeyConnection' });

/** Every state has its own shape: a pending connection has no role to forget to check. */
const roleConnection = z.union([pending, connected, failed, disconnected]).meta({ id: 'RoleConnection' });
export const connection = z.union([roleConnection, keyed, deleted]).meta({ id: 'Connection' });

export const connectionSummary = z
  .object({
    ...roleBase.pick({ id: true, name: true }).shape,
    status: connectionStatus,
    method: connectionMethod,
    ...connected.pick({ roleArn: true, accountId: true, assurance: true, permissions: true }).partial().shape,
    principalArn: keyed.shape.principalArn.optional(),
    code: errorCode.optional().meta({ description: 'Why it failed.' }),
  })
  .meta({ id: 'ConnectionSummary' });

const templateTexts = z
  .object({
    console: text.meta({ description: 'A link that opens the AWS console, filled in.' }),
    consolePolicy: text.meta({
      description:
        'An inline policy to paste there: the permission set, and the right of the role to read itself.',
    }),
    consoleManagedPolicies: z.array(text).optional().meta({
      description: 'Statements beyond the inline policy limit, as managed policies to create and attach.',
    }),
    cdktn: text.meta({ description: 'A complete main.ts for CDK Terrain, for new stacks.' }),
    cdktf: text.meta({ description: 'A complete main.ts for CDKTF, for existing stacks.' }),
    terraform: text.meta({ description: 'One file of HCL.' }),
    terraformModule: text.meta({ description: 'A file of HCL that calls the module of the service.' }),
    cloudFormation: text.meta({ description: 'A template, as YAML.' }),
    cloudFormationLink: text.optional().meta({
      description:
        'A link that opens CloudFormation, filled in; with ROLEBRIDGE_TEMPLATE_URL for presets, ROLEBRIDGE_SET_TEMPLATE_URL for whole permission sets.',
    }),
    awsCli: text.meta({ description: 'Commands for bash, which also send the signed callback.' }),
  })
  .meta({ id: 'RoleTemplates' });

/** Values of a role for the connection, without secrets. */
export const roleTemplates = z
  .object({
    externalId: roleBase.shape.externalId,
    principal: text.meta({ description: "The vendor's IAM principal, which the role must trust." }),
    callbackUrl: text,
    trustPolicy: z.record(text, z.unknown()),
    roleTemplates: templateTexts,
  })
  .meta({ id: 'RoleToCreate' });

const secrets = {
  callbackSecret: text.meta({ description: 'Signs the callback. Shown only once.' }),
  statusToken: text.meta({ description: "Reads the connection's status and nothing else." }),
};
const toCreate = { ...roleTemplates.shape, statusUrl: text };
const withSecrets = { ...toCreate, ...secrets };

/** The answer that shows the secrets, with everything that the customer needs to create the role. */
export const createdRoleConnection = pending.extend(withSecrets).meta({ id: 'CreatedConnection' });
export const startedMigration = keyed.extend(withSecrets).meta({ id: 'StartedMigration' });

/** Everything that the customer needs to change the role. */
const toChange = {
  ...toCreate,
  previousExternalId: roleBase.shape.externalId,
  callbackSecret: secrets.callbackSecret.optional(),
  statusToken: secrets.statusToken.optional(),
};
export const rotatedExternalId = z.union([
  pending.extend(toChange),
  connected.extend(toChange),
  failed.extend(toChange),
  disconnected.extend(toChange),
]);
