import { messageKey } from '../domain/outbox-message.js';
import { keptDeliveries, type OutboxMessage, oldestDeliveryAt, type Store } from '../domain/ports.js';
import type { Backend } from './backend.js';
import { changeRow, placeOf, saveRow } from './change-row.js';
import { allOf, one, pageOf, pagesOf, rowsAtOnce } from './pages.js';
import { newestFirst, validatedCopy } from './tables.js';
import { completeDue, hasten } from './work-queue.js';

export const outboxIn = (backend: Backend) =>
  ({
    async firstMessage({ organizationId, connectionId, endpoint }) {
      if (connectionId === undefined) return undefined;
      const where = { connectionId, endpoint, isFinished: 'no' };
      const [first] = await backend.list('messages', { order: 'created', organizationId, where, limit: 1 });
      return first;
    },

    async hastenMessages(endpoint, now) {
      const where = { endpoint, isFinished: 'no' };
      for await (const page of pagesOf(backend, 'messages', { order: 'created', where })) {
        const late = page.filter(({ dueAt, leaseExpiresAt }) => dueAt > now && leaseExpiresAt === undefined);
        await hasten(backend, 'messages', late, now);
      }
    },

    async completeMessage(leased, next) {
      if (next === undefined || 'dueAt' in next) return completeDue(backend, 'messages', leased, next);
      const { organizationId } = leased;
      const old = await oldDeliveries(backend, leased, next.finished.at);
      await backend.transact(organizationId, async (transaction) => {
        const stored = await transaction.get('messages', messageKey(leased));
        if (stored === undefined || stored.finished || stored.attempts !== leased.attempts) return;
        for (const message of old) await transaction.delete('messages', messageKey(message));
        const organization = await transaction.get('organizations', organizationId);
        // An erased organization keeps no deliveries.
        if (organization?.erasedAt !== undefined) return transaction.delete('messages', messageKey(leased));
        const { leaseExpiresAt: _, ...message } = stored;
        await transaction.put('messages', validatedCopy('messages', { ...message, ...next }));
      });
    },

    async deliveries({ endpoint, limit, status, since, after }) {
      const { rows, hasMore } = await pageOf(backend, 'messages', {
        order: 'newest',
        where: { endpoint, status },
        upTo: since && newestFirst(since),
        after: after && messageKey(after),
        limit,
      });
      return { deliveries: rows, hasMore };
    },

    delivery: (endpoint, id) => one(backend, 'messages', messageKey({ id, endpoint })),

    async replayMessage(message, now) {
      const place = placeOf('messages', message);
      const replayed = await changeRow(
        backend,
        'messages',
        place,
        ({ finished, ...again }) => finished && { ...again, dueAt: now, attempts: 0 },
      );
      return replayed !== undefined;
    },
  }) satisfies Partial<Store>;

export const webhookEndpointsIn = (backend: Backend) =>
  ({
    saveWebhookEndpoint: (endpoint, quotas) => saveRow(backend, 'webhookEndpoints', endpoint, quotas),

    webhookEndpoint: (id) => one(backend, 'webhookEndpoints', id),

    webhookEndpoints: (organizationId) =>
      allOf(backend, 'webhookEndpoints', { organizationId, order: 'created' }),

    // The former version holds a replaced secret.
    changeWebhookEndpoint: ({ id, organizationId }, change) =>
      changeRow(backend, 'webhookEndpoints', { organizationId, key: id }, change, {
        dropsFormerVersion: true,
      }),

    async deleteWebhookEndpoint(endpoint) {
      const place = placeOf('webhookEndpoints', endpoint);
      await changeRow(backend, 'webhookEndpoints', place, () => null, { dropsFormerVersion: true });
    },
  }) satisfies Partial<Store>;

/** Expired or excess deliveries, deleted when another one finishes. */
async function oldDeliveries(
  backend: Backend,
  { organizationId }: OutboxMessage,
  now: string,
): Promise<readonly OutboxMessage[]> {
  const where = { isFinished: 'yes' };
  const query = { organizationId, order: 'created', where, limit: rowsAtOnce } as const;
  const oldest = oldestDeliveryAt(Date.parse(now));
  const expired = await backend.list('messages', { ...query, upTo: oldest });
  if (expired.length > 0) return expired;
  const counts = await backend.count('messages', 'isFinished', { organizationId, isFinished: 'yes' });
  const surplus = (counts.get('yes') ?? 0) - keptDeliveries.count;
  // Deletes at least a hundred at once, so that most deliveries delete nothing.
  return surplus < 100 ? [] : backend.list('messages', { ...query, limit: surplus });
}
