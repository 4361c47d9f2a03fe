import { RolebridgeError } from '../domain/errors.js';
import type { OrganizationId } from '../domain/ids.js';
import type { Clock, Store } from '../domain/ports.js';
import { type Quota, type QuotaName, type Quotas, quotaExceeded } from '../domain/quotas.js';
import { isoNow } from './dependencies.js';

export type QuotaDependencies = { readonly store: Store; readonly clock: Clock; readonly quotas: Quotas };

/**
 * Adds one of each kind. The store counts again in the transaction that adds it; an excess is rejected
 * before any work.
 * @throws RolebridgeError `quota_exceeded`
 */
export const withinQuota = <Result>(
  deps: QuotaDependencies,
  organizationId: OrganizationId,
  names: readonly QuotaName[],
  add: (quotas: readonly Quota[]) => Promise<Result>,
): Promise<Result> =>
  reportingExceeded(deps.quotas, names, async (quotas) => {
    await requireQuotas(deps, organizationId, quotas);
    return add(quotas);
  });

/** As {@link withinQuota}, but only the store counts: for rows that every request can add. */
export async function reportingExceeded<Result>(
  { limits, onExceeded }: Quotas,
  names: readonly QuotaName[],
  add: (quotas: readonly Quota[]) => Promise<Result>,
): Promise<Result> {
  const quotas = names.map((name) => ({ name, limit: limits[name] })).filter(({ limit }) => limit > 0);
  try {
    return await add(quotas);
  } catch (error) {
    if (error instanceof RolebridgeError && error.code === 'quota_exceeded')
      for (const { name } of quotas) if (error.members.quota === name) onExceeded(name);
    throw error;
  }
}

async function requireQuotas(
  { store, clock }: QuotaDependencies,
  organizationId: OrganizationId,
  quotas: readonly Quota[],
): Promise<void> {
  const names = quotas.map(({ name }) => name);
  const full = async () => {
    const used = await store.usage(organizationId, names);
    return quotas.find(({ name, limit }) => (used.get(name) ?? 0) >= limit);
  };
  if ((await full()) === undefined) return;
  await store.deleteEndedApiKeys(organizationId, isoNow(clock));
  await store.deleteExpiredTokens(isoNow(clock));
  const still = await full();
  if (still) throw quotaExceeded(still);
}
