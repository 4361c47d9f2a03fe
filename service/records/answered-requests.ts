import type { Store } from '../domain/ports.js';
import type { Backend } from './backend.js';
import { changeRow, placeOf } from './change-row.js';
import { assertOrganization, idempotencyOf } from './commit-change.js';
import { one, rowsAtOnce } from './pages.js';
import { requireRoom } from './quotas.js';
import { idempotencyKey, ownCopy } from './tables.js';

const lifetimeMs = 24 * 60 * 60 * 1000;
export const dayBefore = (time: string): string => new Date(Date.parse(time) - lifetimeMs).toISOString();

/** Answers to callbacks and requests with an `Idempotency-Key` for a day. */
export const answeredRequestsIn = (backend: Backend) =>
  ({
    async idempotencyRecord(connectionId, webhookId, now) {
      const stored = await one(backend, 'idempotency', idempotencyKey({ connectionId, webhookId }));
      return stored && stored.firstAttemptAt > dayBefore(now) ? idempotencyOf(stored) : undefined;
    },

    async acquireRequest(mine, replaces, quotas) {
      const { organizationId } = mine;
      const query = {
        organizationId,
        order: 'age',
        upTo: dayBefore(mine.startedAt),
        limit: rowsAtOnce,
      } as const;
      const old = await backend.list('answeredRequests', query);
      return backend.transact(organizationId, async (transaction) => {
        await assertOrganization(transaction, organizationId);
        for (const { id } of old) await transaction.delete('answeredRequests', id);
        const stored = await transaction.get('answeredRequests', mine.id);
        if (stored !== undefined && (stored.answer || stored.requestId !== replaces)) return stored;
        if (stored === undefined) await requireRoom(transaction, quotas);
        await transaction.put('answeredRequests', ownCopy('answeredRequests', mine));
        return undefined;
      });
    },

    // Another attempt may have taken its place.
    async finishRequest(mine) {
      await changeRow(backend, 'answeredRequests', placeOf('answeredRequests', mine), ({ requestId }) =>
        requestId === mine.requestId ? mine : undefined,
      );
    },

    async releaseRequest(mine) {
      await changeRow(backend, 'answeredRequests', placeOf('answeredRequests', mine), ({ requestId }) =>
        requestId === mine.requestId ? null : undefined,
      );
    },
  }) satisfies Partial<Store>;
