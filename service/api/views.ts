import type { Dependencies } from '../actions/dependencies.js';
import type { Resolution } from '../actions/resolve-target.js';
import {
  type AccessKeyConnection,
  type ConnectedConnection,
  type Connection,
  labelsOf,
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
export function connectionView(connection: Connection) {
  if (connection.method === 'access_key') return accessKeyConnectionView(connection);
  const { id, name, method, status, externalId, partition, expectedAccountId, scopes, createdAt, updatedAt } =
    connection;
  const { pendingExternalId } = connection;
  const view = {
    id,
    name,
    ...labelsOf(connection),
    method,
    status,
    externalId,
    ...(pendingExternalId !== undefined && { pendingExternalId }),
    ...permissionSetView(connection),
    partition,
    expectedAccountId,
    scopes,
    createdAt,
    updatedAt,
  };
  switch (connection.status) {
    case 'pending':
      return view;
    case 'connected':
      return {
        ...view,
        accountId: connection.accountId,
        roleArn: connection.roleArn,
        roleId: connection.roleId,
        assurance: connection.assurance,
        ...(connection.assurance === 'tested' && { missingForProven: missingForProven(connection) }),
        ...(connection.permissions && { permissions: connection.permissions }),
        verification: connection.verification,
      };
    case 'failed':
      return { ...view, roleArn: connection.roleArn, verification: connection.verification };
    case 'disconnected':
      return { ...view, reason: connection.reason, disconnectedAt: connection.disconnectedAt };
  }
}

function permissionSetView({ permissionSet: set }: RoleConnection) {
  if (set === undefined) return {};
  const { name, without, newest } = set;
  return {
    permissionSet: permissionSetLabel(set),
    ...(without.length > 0 && { without }),
    ...(newest !== undefined && { newestPermissionSet: `${name}@${newest}` }),
  };
}

/** What keeps a tested connection from being proven. */
export const missingForProven = ({ verification }: ConnectedConnection) =>
  verification.checks
    .filter(({ name, outcome }) => name === 'trust_policy' && outcome === 'not_checked')
    .map(({ message, remedy = '' }) => ({ message, remedy }));

/** Of the access key, what identifies it to its owner and helps no other person. */
function accessKeyConnectionView(connection: AccessKeyConnection) {
  const { id, name, method, status, partition, expectedAccountId, scopes, createdAt, updatedAt, migration } =
    connection;
  const labels = labelsOf(connection);
  const view = {
    id,
    name,
    ...labels,
    method,
    status,
    partition,
    expectedAccountId,
    scopes,
    createdAt,
    updatedAt,
  };
  if (connection.status === 'disconnected')
    return { ...view, reason: connection.reason, disconnectedAt: connection.disconnectedAt };
  return {
    ...view,
    accountId: connection.accountId,
    principalArn: connection.accessKey.principalArn,
    accessKeyLastFour: connection.accessKey.lastFour,
    sessionExpiresAt: connection.accessKey.sessionExpiresAt,
    verification: connection.verification,
    ...(migration && {
      migrateToRole: {
        externalId: migration.externalId,
        roleArn: migration.roleArn,
        verification: migration.verification,
      },
    }),
  };
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

export function resolutionView({ connection, matchedScope, path, shadows }: Resolution) {
  return {
    connection: connectionSummary(connection),
    matchedScope,
    path,
    shadows: shadows.map((wider) => ({
      scope: wider.scope,
      connection: connectionSummary(wider.connection),
    })),
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
    // What the vendor needs is no choice.
    { ...choices, ...(permissions && { permissions }) },
  );
};

/** Every way to make the role, each a text to copy whole; no secret is in any. */
export function roleTemplatesFor(deps: Dependencies, role: RoleDescription) {
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

/** The answer to what makes a callback's secret: the only one with it, and with all that a role is made with. */
export function createdConnectionView(
  deps: Dependencies,
  connection: Connection,
  trust: RoleRegistration,
  callbackSecret: string,
) {
  return {
    ...roleToCreateView(deps, connection, trust),
    callbackSecret,
    statusToken: statusToken(connection.id, callbackSecret),
  };
}

/** The answer to a change of the external ID: all that the role is changed with. The connection still uses the one that it has. */
export function rotatedExternalIdView(
  deps: Dependencies,
  connection: RoleConnection,
  callbackSecret: string | undefined,
) {
  const { pendingExternalId: externalId = connection.externalId } = connection;
  return {
    ...roleToCreateView(deps, connection, { ...connection, externalId }),
    previousExternalId: connection.externalId,
    ...(callbackSecret !== undefined && {
      callbackSecret,
      statusToken: statusToken(connection.id, callbackSecret),
    }),
  };
}

function roleToCreateView(deps: Dependencies, connection: Connection, trust: RoleRegistration) {
  const role = roleFor(deps, connection, trust);
  return {
    ...connectionView(connection),
    externalId: role.externalId,
    principal: role.principal,
    callbackUrl: role.callbackUrl,
    statusUrl: `${deps.publicUrl}/v1/connections/${connection.id}/status`,
    trustPolicy: trustPolicyOf(role),
    roleTemplates: roleTemplatesFor(deps, role),
  };
}
