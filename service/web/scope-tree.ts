import type { Connection } from '../domain/connection.js';
import type { Store } from '../domain/ports.js';
import { keysThatMatch, type Scope, scopeFromKey, scopeKey } from '../domain/scope.js';
import type { ScopeTree } from './views/connection.js';

/** So many scopes of other connections within one are shown. */
const narrowerSize = 30;

/** Each level from the organization down to a scope that the connection holds, and on to those within it that others hold. */
export async function treeOf(store: Store, connection: Connection, scope: Scope): Promise<ScopeTree> {
  const { organizationId } = connection;
  const above = keysThatMatch(scope);
  const own = scopeKey(scope);
  const [wider, within] = await Promise.all([
    store.scopeHolders(organizationId, above),
    store.narrowerScopeHolders(organizationId, own, narrowerSize + 1),
  ]);
  const narrower = within.slice(0, narrowerSize);
  const holders = new Map([...wider, ...narrower].map(({ key, connection }) => [key, connection]));
  // Also the levels between, which nobody holds.
  const below = new Set(narrower.flatMap(({ key }) => keysThatMatch(scopeFromKey(key))));
  for (const key of above) below.delete(key);
  const levels = [...above.reverse(), ...[...below].sort(parentsFirst)].map((key) => ({
    scope: scopeFromKey(key),
    connection: keysThatMatch(scopeFromKey(key)).flatMap((each) => holders.get(each) ?? [])[0],
  }));
  return { levels, isCut: within.length > narrowerSize };
}

/** As a tree is read: what is within a scope comes before its neighbour, whatever the names have in them. */
const parentsFirst = (one: string, other: string): number =>
  one.replaceAll('/', '\0') < other.replaceAll('/', '\0') ? -1 : 1;
