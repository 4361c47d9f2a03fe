import type { Connection } from '../domain/connection.js';
import { type ErrorCode, RolebridgeError } from '../domain/errors.js';
import type { OrganizationId } from '../domain/ids.js';
import type { Store } from '../domain/ports.js';
import { checkScope, describeScope, keysThatMatch, type Scope, scopeFromKey } from '../domain/scope.js';
import { declaredCheck, requireDeclared } from './declared-targets.js';

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
 * @throws RolebridgeError `no_connection_for_target`, `target_unknown`
 */
export async function resolveTarget(
  store: Store,
  organizationId: OrganizationId,
  target: Scope,
): Promise<Resolution> {
  const keys = keysThatMatch(checkScope(target));
  const [held] = await Promise.all([
    store.scopeHolders(organizationId, keys),
    requireDeclared(store, organizationId, [target]),
  ]);
  return resolutionOf(target, new Map(held.map(({ key, connection }) => [key, connection])));
}

export interface TargetProblem {
  readonly code: ErrorCode;
  readonly detail: string;
}

/** Several at once, with one question to the store. */
export async function resolveTargets(
  store: Store,
  organizationId: OrganizationId,
  targets: readonly Scope[],
): Promise<(Resolution | TargetProblem)[]> {
  const keys = [...new Set(targets.flatMap((target) => keysThatMatch(checkScope(target))))];
  const [held, isDeclared] = await Promise.all([
    store.scopeHolders(organizationId, keys),
    declaredCheck(store, organizationId),
  ]);
  const holders = new Map(held.map(({ key, connection }) => [key, connection]));
  return targets.map((target) => {
    try {
      isDeclared(target);
      return resolutionOf(target, holders);
    } catch (error) {
      if (!(error instanceof RolebridgeError)) throw error;
      return { code: error.code, detail: error.detail };
    }
  });
}

/** @throws RolebridgeError `no_connection_for_target` */
function resolutionOf(target: Scope, holders: ReadonlyMap<string, Connection>): Resolution {
  const keys = keysThatMatch(target);
  const path = keys.map(scopeFromKey);
  const [match, ...shadows] = path.flatMap((scope, index) => {
    const connection = holders.get(keys[index] ?? '');
    return connection ? [{ connection, scope }] : [];
  });
  if (match === undefined)
    throw new RolebridgeError(
      'no_connection_for_target',
      `No connection applies to ${describeScope(target)}.`,
      {
        remedy: "Give a connection that scope, a wider one, or make one the organization's default.",
        members: { path },
      },
    );
  return { connection: match.connection, matchedScope: match.scope, path, shadows };
}
