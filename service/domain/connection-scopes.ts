/** Ownership of scopes: the vendor sets any scope; a callback narrows it. */
import { boundAccountOf, type Connection } from './connection.js';
import { isWithinAuthority } from './permission.js';
import { checkScope, isWithin, type Scope, scopeKey } from './scope.js';

/** Confirmed replacements: `holderAndKey` of each holder and scope that the page showed. */
type Confirmed = ReadonlySet<string>;

/** The holders whose scopes a change can take. `true`: the vendor replaces the holder, whichever it is by now. */
export type ReplaceScopes =
  | boolean
  | 'from_disconnected'
  | 'from_disconnected_in_same_account'
  | Confirmed
  /** A caller that is limited to a scope takes scopes only from connections within it. */
  | { readonly within: Scope; readonly from: boolean | 'from_disconnected' | Confirmed };

export const holderAndKey = ({ id }: Pick<Connection, 'id'>, key: string): string => `${id} ${key}`;

/**
 * Where a connection applies after a callback that names this scope. Scopes that a callback can't change stay.
 * @throws RolebridgeError `request_invalid`
 */
export function scopesAfterCallback(connection: Connection, asked: Scope | undefined): readonly Scope[] {
  const { scopes, vendorScopes, scopeFrom } = connection;
  if (asked === undefined) return scopes;
  const key = scopeKey(checkScope(asked));
  if (scopes.length > 1) return scopes;
  if (vendorScopes === undefined) return key === '' && scopeFrom !== 'callback' ? scopes : [asked];
  const [vendorScope] = vendorScopes;
  return vendorScopes.length === 1 && vendorScope && isWithin(asked, vendorScope) ? [asked] : scopes;
}

/** Whether this change can take scopes from their holder. */
export function mayTakeScopes(holder: Connection, next: Connection, replace: ReplaceScopes): boolean {
  if (typeof replace === 'boolean') return replace;
  if (typeof replace === 'object') {
    if ('within' in replace)
      return (
        isWithinAuthority({ scope: replace.within }, holder) && mayTakeScopes(holder, next, replace.from)
      );
    const wanted = new Set(next.scopes.map(scopeKey));
    const taken = holder.scopes.map(scopeKey).filter((key) => wanted.has(key));
    return holder.status === 'disconnected' || taken.every((key) => replace.has(holderAndKey(holder, key)));
  }
  if (holder.status !== 'disconnected') return false;
  if (replace === 'from_disconnected') return true;
  const account = boundAccountOf(holder);
  return account !== undefined && account === boundAccountOf(next);
}

/** A connection that lost these scopes to another one. */
export function withoutScopes<Holder extends Connection>(holder: Holder, keys: ReadonlySet<string>): Holder {
  const left = (scopes: readonly Scope[]) => scopes.filter((scope) => !keys.has(scopeKey(scope)));
  return {
    ...holder,
    scopes: left(holder.scopes),
    // A callback may have narrowed the vendor's scope, so the vendor's list becomes what is left.
    vendorScopes: holder.vendorScopes && left(holder.scopes),
  };
}
