/** The version of a permission set that a role is checked against, and the values that a stack reports. */
import {
  type Connection,
  claimedRole,
  type DeployedPermissionSet,
  permissionSetOf,
} from '../domain/connection.js';
import { awaiting } from '../domain/connection-transitions.js';
import { invalidRequest, RolebridgeError } from '../domain/errors.js';
import { type PermissionSet, parsePermissionSetId } from '../domain/permission-set.js';
import type { PermissionsToCheck } from '../domain/verification/request.js';
import type { Dependencies } from './dependencies.js';

/** The set that a stack reports as deployed. */
export interface StatedPermissionSet {
  /** `deploy@3`. */
  readonly permissionSet?: string | undefined;
  /** The optional statements that it left out. */
  readonly without?: readonly string[] | undefined;
}

/** The version to verify and to store with a role that passes. */
export interface PermissionPlan {
  readonly deployed: DeployedPermissionSet | undefined;
  readonly toCheck: PermissionsToCheck | undefined;
}

/**
 * Selects the version: the one that the stack stated, else the one of the last check, else the newest.
 * @throws RolebridgeError `permission_set_unknown`
 */
export function planPermissions(
  { permissionSets }: Pick<Dependencies, 'permissionSets'>,
  connection: Connection,
  { stated, isByService }: { stated: StatedPermissionSet; isByService: boolean },
): PermissionPlan {
  const own = permissionSetOf(connection);
  if (own === undefined) return { deployed: undefined, toCheck: undefined };
  const newest = permissionSets.get(own.name)?.version;
  const named = stated.permissionSet === undefined ? undefined : parsePermissionSetId(stated.permissionSet);
  const namesOwnSet = named?.name === own.name;
  const version = (namesOwnSet ? named.version : own.version) ?? newest;
  const set = version === undefined ? undefined : permissionSets.get(own.name, version);
  if (namesOwnSet && set === undefined) throw unknown(`${own.name}@${named.version}`);
  const without = namesOwnSet ? [...new Set(stated.without)] : own.without;
  const isOutdated = newest !== undefined && version !== undefined && newest > version;
  const deployed = { name: own.name, version, without, ...(isOutdated && { newest }) };
  if (set === undefined) return { deployed, toCheck: undefined };
  const wasConnected = claimedRole(connection) !== undefined;
  const before =
    connection.status === 'connected' && !namesOwnSet ? connection.verification.permissions : undefined;
  return { deployed, toCheck: { set, without, areRequired: !isByService || !wasConnected, before } };
}

/** Warns a stack that names another set: only the vendor can change the set's name. */
export function permissionSetWarnings(connection: Connection, { permissionSet }: StatedPermissionSet) {
  const own = permissionSetOf(connection);
  if (permissionSet === undefined || parsePermissionSetId(permissionSet)?.name === own?.name) return [];
  return [
    {
      code: 'permission_set_kept' as const,
      message: `The connection ${own ? `is for the permission set ${own.name}` : 'has no permission set'}, as the vendor set it; the stack's (${permissionSet}) changes nothing.`,
    },
  ];
}

/**
 * The version that a stack is about to deploy, in a sentence.
 * @throws RolebridgeError `permission_set_unknown`, `request_invalid`
 */
export function describePermissionSet(
  { permissionSets }: Pick<Dependencies, 'permissionSets'>,
  { permissionSet = '', without = [] }: StatedPermissionSet,
): string {
  const { name = '', version } = parsePermissionSetId(permissionSet) ?? {};
  const set = version === undefined ? undefined : permissionSets.get(name, version);
  if (set === undefined) throw unknown(permissionSet);
  requireOptional(set, without, permissionSet);
  const newest = permissionSets.get(name)?.version ?? set.version;
  return [
    `${permissionSet}${without.length > 0 ? `, without ${without.join(', ')}` : ''}`,
    ...(newest > set.version ? [`${name}@${newest} is newer`] : []),
  ].join('; ');
}

/** The set of a new connection or enrollment. @throws RolebridgeError `permission_set_unknown`, `request_invalid` */
export function chosenPermissionSet(
  { permissionSets }: Pick<Dependencies, 'permissionSets'>,
  { permissionSet: name, without = [] }: PermissionSetChoice,
): DeployedPermissionSet | undefined {
  if (name === undefined) return undefined;
  const set = permissionSets.get(name);
  if (set === undefined) throw unknown(name);
  requireOptional(set, without, name);
  return { name, without: [...new Set(without)] };
}

function requireOptional(set: PermissionSet, without: readonly string[], name: string): void {
  const optional = set.statements.filter((statement) => statement.optional).map(({ sid }) => sid);
  const required = without.find((sid) => !optional.includes(sid));
  if (required === undefined) return;
  throw invalidRequest(
    'body.without',
    `${JSON.stringify(required)} is not an optional statement of ${name}`,
    'Leave out optional statements only; see GET /v1/permission-sets.',
  );
}

export interface PermissionSetChoice {
  readonly permissionSet?: string | undefined;
  readonly without?: readonly string[] | undefined;
}

/**
 * Changes the permission set of a pending connection.
 * @throws RolebridgeError `permission_set_unknown`, `request_invalid`
 */
export function choosingPermissionSet(
  deps: Pick<Dependencies, 'permissionSets'>,
  connection: Connection,
  choice: PermissionSetChoice,
): { next: Connection; details: { permissionSet: string; without: string } } {
  const before = permissionSetOf(connection);
  const name = choice.permissionSet ?? before?.name;
  if (connection.method !== 'assume_role' || connection.status !== 'pending' || name === undefined)
    throw invalidRequest(
      'body.permissionSet',
      'can be changed while the connection is pending only',
      'Deploy another version or other optional statements with the stack; its callback reports them.',
    );
  const without = choice.without ?? (name === before?.name ? before.without : []);
  const permissionSet = chosenPermissionSet(deps, { permissionSet: name, without });
  const next = awaiting(connection, { permissionSet });
  return { next, details: { permissionSet: name, without: without.join(',') } };
}

const unknown = (id: string) =>
  new RolebridgeError('permission_set_unknown', `The vendor has no permission set ${JSON.stringify(id)}.`, {
    remedy: 'Use one of GET /v1/permission-sets.',
  });
