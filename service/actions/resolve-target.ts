import type { Connection } from '../domain/connection.js';
import { RolebridgeError } from '../domain/errors.js';
import type { OrganizationId } from '../domain/ids.js';
import type { Store } from '../domain/ports.js';
import { checkScope, describeScope, keysThatMatch, type Scope, scopeFromKey } from '../domain/scope.js';

export interface Resolution {
  readonly connection: Connection;
  readonly matchedScope: Scope;
  /** The scopes that were looked at, the narrowest first. */
  readonly path: readonly Scope[];
  /** Wider connections that would apply if this one did not. */
  readonly shadows: readonly { connection: Connection; scope: Scope }[];
}

/**
 * The connection with the longest scope that is a prefix of the target, healthy or not.
 * @throws RolebridgeError `no_connection_for_target`
 */
export async function resolveTarget(
  store: Store,
  organizationId: OrganizationId,
  target: Scope,
): Promise<Resolution> {
  const keys = keysThatMatch(checkScope(target));
  const [match, ...wider] = await store.scopeHolders(organizationId, keys);
  if (match === undefined)
    throw new RolebridgeError(
      'no_connection_for_target',
      `No connection applies to ${describeScope(target)}.`,
      {
        remedy: "Give a connection that scope, a wider one, or make one the organization's default.",
        members: { path: keys.map(scopeFromKey) },
      },
    );
  return {
    connection: match.connection,
    matchedScope: scopeFromKey(match.key),
    path: keys.map(scopeFromKey),
    shadows: wider.map(({ key, connection }) => ({ connection, scope: scopeFromKey(key) })),
  };
}
