import { isValid } from '../domain/api-key.js';
import { RolebridgeError } from '../domain/errors.js';
import type { OrganizationId } from '../domain/ids.js';
import type { Clock, Store } from '../domain/ports.js';
import type { QuotaName, Quotas } from '../domain/quotas.js';
import { isoNow } from './dependencies.js';

/**
 * One more of that kind. Those that are created at the same moment are not counted: what matters is that there is an end.
 * @throws RolebridgeError `quota_exceeded`
 */
export async function requireQuota(
  deps: { readonly store: Store; readonly clock: Clock; readonly quotas: Quotas },
  organizationId: OrganizationId,
  name: QuotaName,
): Promise<void> {
  const limit = deps.quotas.limits[name];
  if (limit === 0 || (await counts[name](deps, organizationId)) < limit) return;
  deps.quotas.onExceeded(name);
  throw new RolebridgeError('quota_exceeded', `An organization has at most ${limit} ${words[name]}.`, {
    remedy: 'Delete or revoke those that you no longer need, or ask the vendor to raise the quota.',
  });
}

const words: Record<QuotaName, string> = {
  connections: 'connections',
  apiKeys: 'API keys that are valid',
  signInLinks: 'sign-in links that have not expired',
  enrollments: 'enrollments that have not expired',
};

type Count = (
  deps: { readonly store: Store; readonly clock: Clock },
  organizationId: OrganizationId,
) => Promise<number>;

const counts: Record<QuotaName, Count> = {
  connections: ({ store }, organizationId) => store.connectionCount(organizationId),
  apiKeys: async ({ store, clock }, organizationId) =>
    (await store.apiKeys(organizationId)).filter((key) => isValid(key, clock.now())).length,
  signInLinks: tokens('sign_in_link'),
  enrollments: tokens('enrollment'),
};

function tokens(kind: 'sign_in_link' | 'enrollment'): Count {
  return async ({ store, clock }, organizationId) => {
    const now = isoNow(clock);
    return (await store.tokensOf(organizationId, kind)).filter(({ expiresAt }) => expiresAt > now).length;
  };
}
