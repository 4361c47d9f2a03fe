/** Checks of the method of a connection. */
import {
  type Connection,
  type KeyedConnection,
  type RoleConnection,
  type RoleRegistration,
  roleRegistrationOf,
} from '../domain/connection.js';
import { RolebridgeError } from '../domain/errors.js';

/** The registration of the role. @throws RolebridgeError `method_mismatch` for an access key without a migration */
export function requireRegistration(connection: Connection): RoleRegistration {
  const registration = roleRegistrationOf(connection);
  if (registration === undefined) throw usesAccessKey();
  return registration;
}

/** @throws RolebridgeError `method_mismatch` */
export function requireRole(connection: Connection, remedy?: string): asserts connection is RoleConnection {
  if (connection.method !== 'assume_role') throw usesAccessKey(remedy);
}

/** @throws RolebridgeError `method_mismatch` */
export function requireAccessKey(
  connection: Connection,
  reason: string,
): asserts connection is KeyedConnection {
  if (connection.method === 'access_key' && connection.status !== 'disconnected') return;
  throw new RolebridgeError('method_mismatch', `This connection has no access key. ${reason}`, {
    remedy: 'Use PUT …/role to give the connection another role, or create a connection with an access key.',
  });
}

const usesAccessKey = (remedy = 'Start its migration to a role with POST …/migrate-to-role.') =>
  new RolebridgeError('method_mismatch', 'This connection uses an access key and has no role.', { remedy });
