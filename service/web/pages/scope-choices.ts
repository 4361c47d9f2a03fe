import { defaultName } from '../../api/connections/requests.js';
import type { Connection } from '../../domain/connection.js';
import { namesOf, scopesOf } from '../../domain/project.js';
import { isWithin, keysThatMatch, type Scope, scopeFromKey, scopeKey } from '../../domain/scope.js';
import { aliasOf } from '../components/status.js';
import type { Wrong } from '../form-errors.js';
import type { WebSession } from '../session.js';
import type { Site, Visit } from '../site.js';

/** The most listed scopes of other connections; others are entered by name. */
const treeSize = 50;
/** The most listed declared targets. */
const declaredSize = 300;

/** The input: everything stays after an error. */
export interface ScopeForm {
  readonly name: string;
  /** Scopes that are chosen, by key. */
  readonly chosen: ReadonlySet<string>;
  /** Scopes that are taken from other connections, by holder and key. */
  readonly replaced: ReadonlySet<string>;
  readonly typed: Typed;
  readonly wrong: Wrong;
}

export interface Typed {
  readonly project: string;
  readonly environment: string;
  readonly architecture: string;
}

/** A part of the organization in the tree. */
export interface ScopeNode {
  readonly key: string;
  readonly scope: Scope;
  /** Its declared display name. */
  readonly name?: string | undefined;
  /** The connection that applies there today. */
  readonly holder: Connection | undefined;
  /** Whether that connection holds this very scope, or a wider one. */
  readonly isHeld: boolean;
  readonly children: readonly ScopeNode[];
}

export interface ScopeChoices {
  readonly connection: Connection;
  readonly tree: ScopeNode;
  readonly isCut: boolean;
  /** False where targets are declared: they are chosen from the list alone. */
  readonly canType: boolean;
  readonly form: ScopeForm;
}

export const nothingTyped: Typed = { project: '', environment: '', architecture: '' };

/** The known targets, and the chosen ones: none for a new connection. */
export async function scopeChoices(
  { site, session }: Visit,
  connection: Connection,
  form: ScopeForm = initialForm(connection),
): Promise<ScopeChoices> {
  const { store } = site.deps;
  const organization = await store.organization(session.organizationId);
  const declared = (await store.projects(session.organizationId)).flatMap(scopesOf).map(scopeKey);
  const { tree, isCut } = await scopeTree(site, session, [
    ...connection.scopes.map(scopeKey),
    ...form.chosen,
    ...declared.slice(0, declaredSize),
  ]);
  const isLong = declared.length > declaredSize;
  const isOpen = organization?.targets !== 'declared' && declared.length === 0;
  return { connection, tree, isCut: isCut || isLong, canType: isOpen || isLong, form };
}

/** Nothing is left to choose: it has a name and a scope. */
export const isComplete = ({ name, scopes }: Connection): boolean =>
  name !== defaultName && scopes.length > 0;

/** Suggests the account's alias as the name; never preselects a scope. */
const initialForm = (connection: Connection): ScopeForm => ({
  name: connection.name === defaultName ? (aliasOf(connection) ?? '') : connection.name,
  chosen: new Set(connection.scopes.map(scopeKey)),
  replaced: new Set(),
  typed: nothingTyped,
  wrong: {},
});

/** Every scope that a connection holds, the levels between, and these; with what applies at each. */
export async function scopeTree(
  { deps }: Site,
  { organizationId, authority, connectionId }: WebSession,
  more: readonly string[],
): Promise<{ tree: ScopeNode; isCut: boolean }> {
  // A limited session sees nothing beside or above its scope.
  const top = scopeKey(authority.scope ?? {});
  const isInside = (key: string) => isWithin(scopeFromKey(key), scopeFromKey(top));
  const others = more.filter(isInside);
  const [besides, within, projects] = await Promise.all([
    deps.store.scopeHolders(organizationId, others),
    deps.store.scopeHoldersWithin(organizationId, top, treeSize + 1),
    deps.store.projects(organizationId),
  ]);
  const isShown = ({ connection }: { connection: Connection }) =>
    connectionId === undefined || connection.id === connectionId;
  const holders = new Map(
    [...besides, ...within].filter(isShown).map(({ key, connection }) => [key, connection]),
  );
  const keys = new Set(
    [...holders.keys(), ...others, top].flatMap((key) => keysThatMatch(scopeFromKey(key))).filter(isInside),
  );
  const sorted = [...keys].sort((one, other) => (one.toLowerCase() < other.toLowerCase() ? -1 : 1));
  return { tree: nodeOf(top, sorted, holders, namesOf(projects)), isCut: within.length > treeSize };
}

function nodeOf(
  key: string,
  keys: readonly string[],
  holders: ReadonlyMap<string, Connection>,
  names: ReadonlyMap<string, string>,
): ScopeNode {
  const depth = key === '' ? 0 : key.split('/').length;
  const children = keys.filter(
    (each) =>
      each !== '' && each.split('/').length === depth + 1 && (key === '' || each.startsWith(`${key}/`)),
  );
  const scope = scopeFromKey(key);
  return {
    key,
    scope,
    name: names.get(key),
    holder: keysThatMatch(scope).flatMap((each) => holders.get(each) ?? [])[0],
    isHeld: holders.has(key),
    children: children.map((child) => nodeOf(child, keys, holders, names)),
  };
}
