import type { Request } from 'express';
import type { Connection } from '../../domain/connection.js';
import { errorCatalog } from '../../domain/error-catalog/index.js';
import { isConnectionId } from '../../domain/ids.js';
import type { ConnectionFilter } from '../../domain/ports.js';
import { queried } from '../site.js';

export const statuses = ['failed', 'pending', 'connected', 'disconnected'] as const;
export const assurances = ['proven', 'tested'] as const;

/** Which connections are shown; the address says all of it. */
export interface Wanted extends ConnectionFilter {
  readonly assurance?: (typeof assurances)[number] | undefined;
  readonly after?: Connection['id'] | undefined;
  /** The search text, unless it is an account number. */
  readonly entered?: string | undefined;
}

/** Unknown filters are ignored, except unknown search text, which matches nothing. */
export function wantedIn(request: Request): Wanted {
  const [status, assurance, code, set, after] = ['status', 'assurance', 'code', 'set', 'after'].map((name) =>
    queried(request, name),
  );
  const entered = queried(request, 'account').trim().slice(0, 100);
  const account = entered.replace(/[\s-]/g, '');
  return {
    status: statuses.find((each) => each === status),
    assurance: assurances.find((each) => each === assurance),
    code: code !== undefined && Object.hasOwn(errorCatalog, code) ? code : undefined,
    permissionSet: set && /^[a-z0-9-]{1,64}@\d{1,9}$/.test(set) ? set : undefined,
    after: after !== undefined && isConnectionId(after) ? after : undefined,
    ...(/^\d{1,12}$/.test(account) ? { accountId: account } : { entered: entered || undefined }),
  };
}

/** The address of a query. */
export function addressOf(wanted: Wanted, path = '/operator'): string {
  const { status, assurance, code, permissionSet, accountId, entered, after } = wanted;
  const account = accountId ?? entered;
  const query = new URLSearchParams({
    ...(status && { status }),
    ...(assurance && { assurance }),
    ...(code && { code }),
    ...(permissionSet && { set: permissionSet }),
    ...(account && { account }),
    ...(after && { after }),
  });
  return query.size > 0 ? `${path}?${query}` : path;
}
