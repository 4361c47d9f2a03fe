import { type Connection, type RoleRegistration, roleRegistrationOf } from '../domain/connection.js';
import { RolebridgeError } from '../domain/errors.js';

/** Values of a role for this connection. @throws RolebridgeError `method_mismatch` for an access key that stays one */
export function requireRegistration(connection: Connection): RoleRegistration {
  const registration = roleRegistrationOf(connection);
  if (registration !== undefined) return registration;
  throw new RolebridgeError('method_mismatch', 'This connection uses an access key and has no role.', {
    remedy: 'Start its migration to a role with POST …/migrate-to-role.',
  });
}
