import type { Requester } from '../domain/audit.js';
import { type Connection, isVerifiable } from '../domain/connection.js';
import { RolebridgeError } from '../domain/errors.js';
import { verifyStoredAccessKey } from './change-access-key.js';
import type { Dependencies } from './dependencies.js';
import { verifyConnection } from './verify-connection.js';

/**
 * Re-verifies the connection's role or access key.
 * @throws RolebridgeError `role_missing`, and those of {@link verifyConnection}
 */
export async function verifyAgain(
  deps: Dependencies,
  by: Requester,
  connection: Connection,
): Promise<Connection> {
  if (!isVerifiable(connection))
    throw new RolebridgeError(
      'role_missing',
      `The connection is ${connection.status}: it has no role to check.`,
      { remedy: 'Deploy the stack, or send the role ARN with PUT …/role.' },
    );
  if (connection.method === 'access_key') return verifyStoredAccessKey(deps, by, connection);
  return verifyConnection(deps, by, connection, { roleArn: connection.roleArn, askedBy: 'verify' });
}
