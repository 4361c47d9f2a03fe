import type { AnsweredRequest } from '../domain/answered-request.js';
import type { Store } from '../domain/ports.js';
import type { Backend } from './backend.js';
import { assertOrganization, changeRow, placeOf } from './change-row.js';
import { one, rowsAtOnce } from './pages.js';
import { requireRoom } from './quotas.js';
import { idempotencyKey, validatedCopy } from './tables.js';

const lifetimeMs = 24 * 60 * 60 * 1000;
export const dayBefore = (time: string): string => new Date(Date.parse(time) - lifetimeMs).toISOString();

/** Answers to callbacks and to requests with an `Idempotency-Key`, kept for a day. */
export function answeredRequestsIn(backend: Backend) {
  /** Another attempt may have taken the place of this one, which changes nothing then. */
  async function endAttempt(mine: AnsweredRequest, next: AnsweredRequest | null): Promise<void> {
    await changeRow(backend, 'answeredRequests', placeOf('answeredRequests', mine), ({ requestId }) =>
      requestId === mine.requestId ? next : undefined,
    );
  }

  return {
    async idempotencyRecord(connectionId, webhookId, now) {
      const stored = await one(backend, 'idempotency', idempotencyKey({ connectionId, webhookId }));
      return stored && stored.firstAttemptAt > dayBefore(now) ? stored : undefined;
    },

    async acquireRequest(mine, replaces, quotas) {
      const { organizationId } = mine;
      const own = validatedCopy('answeredRequests', mine);
      const upTo = dayBefore(mine.startedAt);
      const query = { organizationId, order: 'age', upTo, limit: rowsAtOnce } as const;
      const old = await backend.list('answeredRequests', query);
      return backend.transact(organizationId, async (transaction) => {
        await assertOrganization(transaction, organizationId);
        for (const { id } of old) await transaction.delete('answeredRequests', id);
        const stored = await transaction.get('answeredRequests', mine.id);
        if (stored !== undefined && (stored.answer || stored.requestId !== replaces)) return stored;
        if (stored === undefined) await requireRoom(transaction, quotas);
        await transaction.put('answeredRequests', own);
        return undefined;
      });
    },

    finishRequest: (mine) => endAttempt(mine, mine),
    releaseRequest: (mine) => endAttempt(mine, null),
  } satisfies Partial<Store>;
}
