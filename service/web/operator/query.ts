import type { Connection } from '../../domain/connection.js';
import { errorCatalog } from '../../domain/error-catalog/index.js';
import { isConnectionId } from '../../domain/ids.js';
import type { Organization } from '../../domain/organization.js';
import type { ConnectionPage, Store } from '../../domain/ports.js';
import { type Assurance, assurances, statuses } from '../components/status.js';
import { type Visit, withQuery } from '../site.js';

export type Totals = Awaited<ReturnType<Store['connectionTotals']>>;
/** A connection with the organization that it belongs to. */
export interface Owned {
  readonly connection: Connection;
  readonly organization: Organization | undefined;
}

/** The filters of the list; the address has all of them. */
export interface Wanted extends Omit<ConnectionPage, 'limit'> {
  readonly assurance?: Assurance | undefined;
}

/** Unknown filters are ignored. Text is searched for in names, unless it is the number of an account. */
export function wantedIn(visit: Visit): Wanted {
  const asked = (name: string) => visit.queried(name);
  const text = asked('q').trim().slice(0, 100);
  const account = text.replace(/[\s-]/g, '');
  const id = (name: string) => [asked(name)].find(isConnectionId);
  return {
    status: statuses.find((each) => each === asked('status')),
    assurance: assurances.find((each) => each === asked('assurance')),
    code: [asked('code')].find((code) => Object.hasOwn(errorCatalog, code)),
    permissionSet: [asked('set')].find((set) => /^[a-z0-9-]{1,64}@\d{1,9}$/.test(set)),
    order: asked('sort') === 'checked' ? 'checked' : undefined,
    ...(/^\d{12}$/.test(account) ? { accountId: account } : { search: text || undefined }),
    after: id('after'),
    before: id('before'),
  };
}

/** The same, from its first page on. */
export const firstPage = (wanted: Wanted): Wanted => ({ ...wanted, after: undefined, before: undefined });

/** The address of a query. */
export const addressOf = (wanted: Wanted, path = '/operator'): string =>
  withQuery(path, {
    status: wanted.status,
    assurance: wanted.assurance,
    code: wanted.code,
    set: wanted.permissionSet,
    sort: wanted.order,
    q: wanted.accountId ?? wanted.search,
    after: wanted.after,
    before: wanted.before,
  });

/** The row of a connection on the page of its organization. */
export const connectionPath = ({ id, organizationId }: Connection): string =>
  `/operator/organizations/${organizationId}?connection=${id}#${id}`;
