import {
  type DeliveryPage,
  keptDeliveries,
  type NextDelivery,
  type OutboxMessage,
  oldestDeliveryAt,
  type Store,
} from '../domain/ports.js';
import type { Backend } from './backend.js';
import { changeRow, placeOf, saveRow } from './change-row.js';
import { allOf, one, rowsAtOnce } from './pages.js';
import { messageKey, newestFirst, ownCopy } from './tables.js';
import { completeDue } from './work-queue.js';

export const webhooksIn = (backend: Backend) =>
  ({
    firstMessage: (message) => firstMessage(backend, message),
    hastenMessages: (endpoint, now) => hastenMessages(backend, endpoint, now),
    completeMessage: (leased, next) => completeMessage(backend, leased, next),
    deliveries: (page) => deliveries(backend, page),
    delivery: (endpoint, id) => one(backend, 'messages', messageKey({ id, endpoint })),
    async replayMessage(message, now) {
      const replayed = await changeRow(
        backend,
        'messages',
        placeOf('messages', message),
        ({ finished, ...again }) => finished && { ...again, dueAt: now, attempts: 0 },
      );
      return replayed !== undefined;
    },
    async addMessage(message) {
      const own = ownCopy('messages', message);
      await backend.transact(own.organizationId, (transaction) => transaction.put('messages', own));
    },

    saveWebhookEndpoint: (endpoint, quotas) => saveRow(backend, 'webhookEndpoints', endpoint, quotas),
    webhookEndpoint: (id) => one(backend, 'webhookEndpoints', id),
    webhookEndpoints: (organizationId) =>
      allOf(backend, 'webhookEndpoints', { organizationId, order: 'created' }),
    // The version before holds a secret that may have been replaced.
    changeWebhookEndpoint: ({ id, organizationId }, change) =>
      changeRow(backend, 'webhookEndpoints', { organizationId, key: id }, change, { erases: true }),
    async deleteWebhookEndpoint(endpoint) {
      await changeRow(backend, 'webhookEndpoints', placeOf('webhookEndpoints', endpoint), () => null);
    },
  }) satisfies Partial<Store>;

/** Messages about the same connection that wait for the same endpoint. */
async function firstMessage(
  backend: Backend,
  { organizationId, connectionId, endpoint }: OutboxMessage,
): Promise<OutboxMessage | undefined> {
  if (connectionId === undefined) return undefined;
  const where = { connectionId, endpoint, isFinished: 'no' };
  const [first] = await backend.list('messages', { order: 'created', organizationId, where, limit: 1 });
  return first;
}

async function hastenMessages(backend: Backend, endpoint: string | undefined, now: string): Promise<void> {
  const where = { endpoint, isFinished: 'no' };
  const waiting = await backend.list('messages', { order: 'created', where, limit: 1_000 });
  const late = waiting.filter(({ dueAt, leaseExpiresAt }) => dueAt > now && leaseExpiresAt === undefined);
  for (const message of late)
    await completeDue(backend, 'messages', message, { dueAt: now, attempts: message.attempts });
}

async function completeMessage(
  backend: Backend,
  leased: OutboxMessage,
  next: NextDelivery | undefined,
): Promise<void> {
  if (next === undefined || 'dueAt' in next) return completeDue(backend, 'messages', leased, next);
  const { organizationId } = leased;
  const old = await oldDeliveries(backend, leased, next.finished.at);
  await backend.transact(organizationId, async (transaction) => {
    const stored = await transaction.get('messages', messageKey(leased));
    if (stored === undefined || stored.finished || stored.attempts !== leased.attempts) return;
    for (const message of old) await transaction.delete('messages', messageKey(message));
    const organization = await transaction.get('organizations', organizationId);
    // Nothing of an erased organization is kept.
    if (organization?.erasedAt !== undefined) return transaction.delete('messages', messageKey(leased));
    const { leaseExpiresAt: _, ...message } = stored;
    await transaction.put('messages', ownCopy('messages', { ...message, ...next }));
  });
}

/** Expired or excess deliveries, deleted when another one finishes. */
async function oldDeliveries(
  backend: Backend,
  { organizationId }: OutboxMessage,
  now: string,
): Promise<readonly OutboxMessage[]> {
  const query = {
    organizationId,
    order: 'created',
    where: { isFinished: 'yes' },
    limit: rowsAtOnce,
  } as const;
  const oldest = oldestDeliveryAt(Date.parse(now));
  const expired = await backend.list('messages', { ...query, upTo: oldest });
  if (expired.length > 0) return expired;
  const counts = await backend.count('messages', 'isFinished', { organizationId, isFinished: 'yes' });
  const surplus = (counts.get('yes') ?? 0) - keptDeliveries.count;
  // A hundred at once, so that not every delivery looks for one.
  return surplus < 100 ? [] : backend.list('messages', { ...query, limit: surplus });
}

async function deliveries(
  backend: Backend,
  { endpoint, limit, status, since, after }: DeliveryPage,
): Promise<{ deliveries: OutboxMessage[]; hasMore: boolean }> {
  const found = await backend.list('messages', {
    order: 'newest',
    where: { endpoint, status },
    upTo: since && newestFirst(since),
    after: after && messageKey(after),
    limit: limit + 1,
  });
  return { deliveries: found.slice(0, limit), hasMore: found.length > limit };
}
