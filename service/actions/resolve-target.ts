import type { Connection } from '../domain/connection.js';
import { type ErrorCode, RolebridgeError } from '../domain/errors.js';
import type { OrganizationId } from '../domain/ids.js';
import { type Authority, isWithinAuthority } from '../domain/permission.js';
import type { Store } from '../domain/ports.js';
import { describeScope, keyBelow, refuseGap, type Scope, scopeBelow } from '../domain/scope.js';
import { declaredCheck, requireDeclared } from './declared-targets.js';

export interface Resolved {
  readonly connection: Connection;
  readonly matchedScope: Scope;
  /** The resolution if this connection did not apply. */
  readonly wider: Resolved | undefined;
}

export interface Resolution extends Resolved {
  /** The scopes that were looked at, the narrowest first. */
  readonly path: readonly Scope[];
}

/** Wider connections that would apply if this one did not, as far as the caller may see them. */
export function shadowsOf(wider: Resolved | undefined, authority: Authority): Resolved[] {
  const shadows: Resolved[] = [];
  for (let each = wider; each; each = each.wider)
    if (isWithinAuthority(authority, each.connection)) shadows.push(each);
  return shadows;
}

export interface TargetProblem {
  readonly code: ErrorCode;
  readonly detail: string;
}

/** A scope on the path of targets, which share it. */
class Level {
  connection: Connection | undefined;
  #narrower: Map<string, Level> | undefined;
  #resolved: Resolved | undefined;

  constructor(
    readonly key: string,
    readonly scope: Scope,
    readonly wider?: Level,
  ) {}

  /** The level of that name within this one; a new one is added to `all`. */
  within(name: string, all: Level[]): Level {
    this.#narrower ??= new Map();
    let level = this.#narrower.get(name);
    if (level === undefined) {
      level = new Level(keyBelow(this.key, name), scopeBelow(this.scope, name), this);
      this.#narrower.set(name, level);
      all.push(level);
    }
    return level;
  }

  /** The same object for all targets that match the same scope. */
  resolved(): Resolved | undefined {
    if (this.connection === undefined) return this.wider?.resolved();
    this.#resolved ??= {
      connection: this.connection,
      matchedScope: this.scope,
      wider: this.wider?.resolved(),
    };
    return this.#resolved;
  }

  path(): Scope[] {
    return [this.scope, ...(this.wider?.path() ?? [])];
  }
}

/** The organization's default first. */
type Levels = [Level, ...Level[]];

/**
 * The connection with the longest scope that is a prefix of the target, healthy or not.
 * @throws RolebridgeError `no_connection_for_target`, `target_unknown`
 */
export async function resolveTarget(
  store: Store,
  organizationId: OrganizationId,
  target: Scope,
): Promise<Resolution> {
  const all: Levels = [new Level('', {})];
  const level = levelOf(target, all);
  await Promise.all([
    findHolders(store, organizationId, all),
    requireDeclared(store, organizationId, [target]),
  ]);
  return { ...resolvedAt(level, target), path: level.path() };
}

/** Several at once, with one question to the store. Targets that match the same scope get the same object. */
export async function resolveTargets(
  store: Store,
  organizationId: OrganizationId,
  targets: readonly Scope[],
): Promise<(Resolved | TargetProblem)[]> {
  const all: Levels = [new Level('', {})];
  const levels = targets.map((target) => ({ target, level: levelOf(target, all) }));
  const [isDeclared] = await Promise.all([
    declaredCheck(store, organizationId),
    findHolders(store, organizationId, all),
  ]);
  return levels.map(({ target, level }) => {
    try {
      isDeclared(target);
      return resolvedAt(level, target);
    } catch (error) {
      if (!(error instanceof RolebridgeError)) throw error;
      return { code: error.code, detail: error.detail };
    }
  });
}

/** @param all new levels are added to these */
function levelOf(target: Scope, all: Levels): Level {
  const { project, environment, architecture } = refuseGap(target);
  let [level] = all;
  for (const name of [project, environment, architecture])
    if (name !== undefined) level = level.within(name, all);
  return level;
}

async function findHolders(
  store: Store,
  organizationId: OrganizationId,
  levels: readonly Level[],
): Promise<void> {
  const keys = levels.map(({ key }) => key);
  const held = await store.scopeHolders(organizationId, keys);
  // The holders are in the order of the keys; scopes without a holder are left out.
  let next = 0;
  for (const level of levels)
    if (held[next]?.key === level.key) {
      level.connection = held[next]?.connection;
      next += 1;
    }
}

/** @throws RolebridgeError `no_connection_for_target` */
function resolvedAt(level: Level, target: Scope): Resolved {
  const resolved = level.resolved();
  if (resolved) return resolved;
  throw new RolebridgeError(
    'no_connection_for_target',
    `No connection applies to ${describeScope(target)}.`,
    {
      remedy: "Give a connection that scope, a wider one, or make one the organization's default.",
      members: { path: level.path() },
    },
  );
}
