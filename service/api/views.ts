import type { Dependencies } from '../actions/dependencies.js';
import {
  type AccessKeyConnection,
  type ConnectedConnection,
  type Connection,
  type KeyedConnection,
  labelsOf,
  type PendingConnection,
  permissionSetLabel,
  permissionSetOf,
  type RoleConnection,
  type RoleRegistration,
} from '../domain/connection.js';
import { statusToken } from '../secrets/status-token.js';
import {
  awsCliCommands,
  cdkProgram,
  cloudFormationTemplate,
  consoleLink,
  consolePolicies,
  describeRole,
  quickCreateLink,
  type RoleChoices,
  type RoleDescription,
  terraformConfiguration,
  terraformModuleCall,
  trustPolicyOf,
} from '../templates/index.js';

/** A connection as the API shows it: no secret, no inner number. */
export const connectionView = (connection: Connection) =>
  connection.method === 'access_key' ? accessKeyConnectionView(connection) : roleConnectionView(connection);

function roleConnectionView(connection: RoleConnection) {
  const view = commonRoleView(connection);
  switch (connection.status) {
    case 'pending':
      return { ...view, status: connection.status };
    case 'connected':
      return {
        ...view,
        status: connection.status,
        accountId: connection.accountId,
        roleArn: connection.roleArn,
        roleId: connection.roleId,
        assurance: connection.assurance,
        ...(connection.assurance === 'tested' && { missingForProven: missingForProven(connection) }),
        ...(connection.permissions && { permissions: connection.permissions }),
        verification: connection.verification,
      };
    case 'failed':
      return {
        ...view,
        status: connection.status,
        roleArn: connection.roleArn,
        verification: connection.verification,
      };
    case 'disconnected':
      return {
        ...view,
        status: connection.status,
        reason: connection.reason,
        disconnectedAt: connection.disconnectedAt,
      };
  }
}

const commonView = ({
  id,
  name,
  partition,
  expectedAccountId,
  scopes,
  vendorScopes,
  scopeFrom,
  createdAt,
  updatedAt,
  lastUsedAt,
  ...connection
}: Connection) => ({
  id,
  name,
  ...labelsOf(connection),
  partition,
  expectedAccountId,
  scopes,
  ...(vendorScopes && { vendorScopes }),
  ...(scopeFrom && { scopeFrom }),
  createdAt,
  updatedAt,
  ...(lastUsedAt !== undefined && { lastUsedAt }),
});

const commonRoleView = (connection: RoleConnection) => ({
  ...commonView(connection),
  method: connection.method,
  externalId: connection.externalId,
  ...(connection.pendingExternalId !== undefined && { pendingExternalId: connection.pendingExternalId }),
  ...permissionSetView(connection),
});

function permissionSetView({ permissionSet: set }: RoleConnection) {
  if (set === undefined) return {};
  const { name, without, newest } = set;
  return {
    permissionSet: permissionSetLabel(set),
    ...(without.length > 0 && { without }),
    ...(newest !== undefined && { newestPermissionSet: `${name}@${newest}` }),
  };
}

/** Missing access that keeps a tested connection from being proven. */
export const missingForProven = ({ verification }: ConnectedConnection) =>
  verification.checks
    .filter(({ name, outcome }) => name === 'trust_policy' && outcome === 'not_checked')
    .map(({ message, remedy = '' }) => ({ message, remedy }));

/** Of the access key, what identifies it to its owner and helps no other person. */
function keyedView(connection: KeyedConnection) {
  const { method, status, accountId, accessKey, verification, migration } = connection;
  return {
    ...commonView(connection),
    method,
    status,
    accountId,
    principalArn: accessKey.principalArn,
    accessKeyLastFour: accessKey.lastFour,
    sessionExpiresAt: accessKey.sessionExpiresAt,
    verification,
    ...(migration && {
      migrateToRole: {
        externalId: migration.externalId,
        roleArn: migration.roleArn,
        verification: migration.verification,
      },
    }),
  };
}

function accessKeyConnectionView(connection: AccessKeyConnection) {
  if (connection.status !== 'disconnected') return keyedView(connection);
  const { method, status, reason, disconnectedAt } = connection;
  return { ...commonView(connection), method, status, reason, disconnectedAt };
}

/** Enough to act on; the rest is at `GET /v1/connections/{id}`. */
export function connectionSummary(connection: Connection) {
  return {
    id: connection.id,
    name: connection.name,
    status: connection.status,
    method: connection.method,
    ...(connection.method === 'assume_role' &&
      (connection.status === 'connected' || connection.status === 'failed') && {
        roleArn: connection.roleArn,
      }),
    ...(connection.method === 'access_key' &&
      connection.status !== 'disconnected' && { principalArn: connection.accessKey.principalArn }),
    ...(connection.status === 'connected' && { accountId: connection.accountId }),
    ...('assurance' in connection && { assurance: connection.assurance }),
    ...('permissions' in connection && connection.permissions && { permissions: connection.permissions }),
    ...(connection.status === 'failed' &&
      connection.verification.result === 'failed' && { code: connection.verification.code }),
  };
}

/** The role that a customer is to make for the connection. */
export const roleFor = (
  deps: Dependencies,
  connection: Connection,
  trust: RoleRegistration,
  choices: RoleChoices = {},
): RoleDescription => {
  const own = permissionSetOf(connection);
  const set = own && deps.permissionSets.get(own.name);
  const permissions = set && { set, without: choices.without ?? own.without };
  return describeRole(
    connection,
    trust,
    {
      principal: deps.principals.get(connection.partition) ?? '',
      callbackUrl: `${deps.publicUrl}/v1/callbacks`,
      vendorName: deps.vendor.name,
    },
    // The vendor's permission set is not an option.
    { ...choices, ...(permissions && { permissions }) },
  );
};

/** Every way to make the role, each a text to copy whole; no secret is in any. */
function roleTemplatesFor(deps: Dependencies, role: RoleDescription) {
  const [consolePolicy, ...more] = consolePolicies(role);
  const cloudFormationLink = quickCreateLink(role, deps);
  return {
    console: consoleLink(role),
    consolePolicy,
    ...(more.length > 0 && { consoleManagedPolicies: more }),
    cdktn: cdkProgram(role, 'cdktn'),
    cdktf: cdkProgram(role, 'cdktf'),
    terraform: terraformConfiguration(role),
    terraformModule: terraformModuleCall(role, `${deps.publicUrl}/downloads/terraform-module.tar.gz`),
    cloudFormation: cloudFormationTemplate(role),
    ...(cloudFormationLink !== undefined && { cloudFormationLink }),
    awsCli: awsCliCommands(role),
  };
}

/** The answer that creates a callback secret: the only one with it, and with all that a role is created with. */
export const createdConnectionView = (
  deps: Dependencies,
  connection: PendingConnection,
  callbackSecret: string,
) => ({
  ...commonRoleView(connection),
  status: connection.status,
  ...roleToCreateView(deps, connection, connection),
  ...secretsView(connection, callbackSecret),
});

export const startedMigrationView = (
  deps: Dependencies,
  connection: KeyedConnection,
  registration: RoleRegistration,
  callbackSecret: string,
) => ({
  ...keyedView(connection),
  ...roleToCreateView(deps, connection, registration),
  ...secretsView(connection, callbackSecret),
});

/** The answer to a change of the external ID: all that the role is changed with. The connection still uses the one that it has. */
export const rotatedExternalIdView = (
  deps: Dependencies,
  connection: RoleConnection,
  callbackSecret: string | undefined,
) => ({
  ...roleConnectionView(connection),
  ...roleToCreateView(deps, connection, {
    ...connection,
    externalId: connection.pendingExternalId ?? connection.externalId,
  }),
  previousExternalId: connection.externalId,
  ...(callbackSecret !== undefined && secretsView(connection, callbackSecret)),
});

const secretsView = ({ id }: Connection, callbackSecret: string) => ({
  callbackSecret,
  statusToken: statusToken(id, callbackSecret),
});

function roleToCreateView(deps: Dependencies, connection: Connection, registration: RoleRegistration) {
  const role = roleFor(deps, connection, registration);
  return {
    ...roleTemplatesView(deps, role),
    statusUrl: `${deps.publicUrl}/v1/connections/${connection.id}/status`,
  };
}

export const roleTemplatesView = (deps: Dependencies, role: RoleDescription) => ({
  externalId: role.externalId,
  principal: role.principal,
  callbackUrl: role.callbackUrl,
  trustPolicy: trustPolicyOf(role),
  roleTemplates: roleTemplatesFor(deps, role),
});
