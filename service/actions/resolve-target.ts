import type { Connection } from '../domain/connection.js';
import { type ErrorCode, RolebridgeError } from '../domain/errors.js';
import type { OrganizationId } from '../domain/ids.js';
import type { Store } from '../domain/ports.js';
import { checkScope, describeScope, keysThatMatch, type Scope, scopeFromKey } from '../domain/scope.js';
import { declaredCheck, requireDeclared } from './declared-targets.js';

export interface Resolved {
  readonly connection: Connection;
  readonly matchedScope: Scope;
  /** Wider connections that would apply if this one did not. */
  readonly shadows: readonly Holder[];
}

export interface Resolution extends Resolved {
  /** The scopes that were looked at, the narrowest first. */
  readonly path: readonly Scope[];
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
  return { ...resolutionOf(target, keys, holdersIn(held)), path: keys.map(scopeFromKey) };
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
): Promise<(Resolved | TargetProblem)[]> {
  const keysOf = targets.map((target) => keysThatMatch(checkScope(target)));
  const [held, isDeclared] = await Promise.all([
    store.scopeHolders(organizationId, [...new Set(keysOf.flat())]),
    declaredCheck(store, organizationId),
  ]);
  const holders = holdersIn(held);
  return targets.map((target, index) => {
    try {
      isDeclared(target);
      return resolutionOf(target, keysOf[index] ?? [], holders);
    } catch (error) {
      if (!(error instanceof RolebridgeError)) throw error;
      return { code: error.code, detail: error.detail };
    }
  });
}

interface Holder {
  readonly connection: Connection;
  readonly scope: Scope;
}

/** By the key of the scope; many targets share them. */
const holdersIn = (held: readonly { readonly key: string; readonly connection: Connection }[]) =>
  new Map<string, Holder>(held.map(({ key, connection }) => [key, { connection, scope: scopeFromKey(key) }]));

/** @throws RolebridgeError `no_connection_for_target` */
function resolutionOf(
  target: Scope,
  keys: readonly string[],
  holders: ReadonlyMap<string, Holder>,
): Resolved {
  const found: Holder[] = [];
  for (const key of keys) {
    const holder = holders.get(key);
    if (holder) found.push(holder);
  }
  const [match, ...shadows] = found;
  if (match === undefined)
    throw new RolebridgeError(
      'no_connection_for_target',
      `No connection applies to ${describeScope(target)}.`,
      {
        remedy: "Give a connection that scope, a wider one, or make one the organization's default.",
        members: { path: keys.map(scopeFromKey) },
      },
    );
  return { connection: match.connection, matchedScope: match.scope, shadows };
}
