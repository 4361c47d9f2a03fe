import type { Dependencies } from '../actions/dependencies.js';
import {
  type AccessKeyConnection,
  type ConnectedConnection,
  type Connection,
  type KeyedConnection,
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
import { migrateToRole, own, roleTemplates } from './connections/answers.js';
import { shownBy } from './schemas.js';

/** A connection as the API shows it. */
export const connectionView = (connection: Connection) =>
  connection.method === 'access_key' ? accessKeyConnectionView(connection) : roleConnectionView(connection);

function roleConnectionView(connection: RoleConnection) {
  const set = permissionSetView(connection);
  switch (connection.status) {
    case 'pending':
      return { ...shownBy(own.pending, connection), ...set };
    case 'connected':
      return {
        ...shownBy(own.connected, connection),
        ...set,
        ...(connection.assurance === 'tested' && { missingForProven: missingForProven(connection) }),
      };
    case 'failed':
      return { ...shownBy(own.failed, connection), ...set };
    case 'disconnected':
      return { ...shownBy(own.disconnected, connection), ...set };
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

/** The access that a tested connection lacks to be proven. */
export const missingForProven = ({ verification }: ConnectedConnection) =>
  verification.checks
    .filter(({ name, outcome }) => name === 'trust_policy' && outcome === 'not_checked')
    .map(({ message, remedy = '' }) => ({ message, remedy }));

/** Shows only what identifies the access key to its owner. */
function keyedView(connection: KeyedConnection) {
  const { accessKey, migration } = connection;
  return {
    ...shownBy(own.keyed, connection),
    principalArn: accessKey.principalArn,
    accessKeyLastFour: accessKey.lastFour,
    sessionExpiresAt: accessKey.sessionExpiresAt,
    migrateToRole: migration && shownBy(migrateToRole, migration),
  };
}

const accessKeyConnectionView = (connection: AccessKeyConnection) =>
  connection.status === 'disconnected' ? shownBy(own.deleted, connection) : keyedView(connection);

/** The summary that `resolve` returns; `GET /v1/connections/{id}` has the rest. */
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

/** The role that the customer creates for the connection. */
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
    // The permission set is the vendor's choice, so that it overrides those of the customer.
    { ...choices, ...(permissions && { permissions }) },
  );
};

/** The role in every template language, without secrets. */
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

/** The only answer with the new callback secret. */
export const createdConnectionView = (
  deps: Dependencies,
  connection: PendingConnection,
  callbackSecret: string,
) => ({
  ...shownBy(own.pending, connection),
  ...permissionSetView(connection),
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

/** Everything to change the role with. The connection uses its current external ID until the role has the new one. */
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
  ...shownBy(roleTemplates, role),
  trustPolicy: trustPolicyOf(role),
  roleTemplates: roleTemplatesFor(deps, role),
});
