/**
 * Status changes on their way to the vendor's endpoints, as signed Standard Webhooks. What is sent, and that it is sent,
 * was stored with the change (`actions/commit-change.ts`); here it is signed and delivered until an endpoint took it.
 */
import type { Logger } from 'pino';
import { isoNow } from '../actions/dependencies.js';
import type { Clock, OutboxMessage, Store } from '../domain/ports.js';
import { watchClock } from '../jobs/clock-watch.js';
import { runDueLoop, type Scheduler } from '../jobs/scheduler.js';
import type { Metrics } from '../metrics/index.js';
import { createDelivery, type DeliveryOptions, type DeliveryResult } from './deliver-message.js';
import { afterFailure } from './retry-schedule.js';

export interface WebhookOptions extends DeliveryOptions {
  /** Where all messages go. */
  readonly endpoints: readonly string[];
}

/** Twice as long as a delivery takes at most. */
const leaseMs = 60_000;
/** An endpoint that can't be reached holds up no others: it is left alone for this long, more each time. */
const unreachableMs = { least: 5_000, most: 60_000 };
/** One that answers 410 wants no more: Standard Webhooks has the sender turn it off. The settings have it, so it is asked again. */
const goneMs = 3_600_000;
/** One that can't be delivered holds the next about its connection for this long; the gap shows in `version`. */
const longestHoldMs = 3_600_000;
/** How long after the one before it a message is looked at again. */
const behindMs = 50;
/** What waits for an endpoint that keeps answering 410 is given up after this. */
const longestWaitMs = 24 * 3_600_000;

/** Starts to deliver. */
export function deliverMessages(
  { store, clock, logger, metrics }: { store: Store; clock: Clock; logger: Logger; metrics: Metrics },
  { endpoints, ...options }: WebhookOptions,
): Scheduler {
  const deliver = createDelivery(options);
  const clockWatch = watchClock(clock);
  /** Endpoints whose last delivery failed, in this process. */
  const failing = new Set<string>(endpoints);
  const paused = new Map<string, { untilMs: number; waitMs: number; isGone: boolean }>();

  function remember(endpoint: string, result: DeliveryResult) {
    if (result.outcome === 'gone')
      return paused.set(endpoint, { untilMs: clock.now() + goneMs, waitMs: 0, isGone: true });
    if (result.outcome !== 'failed' || !result.isUnreachable) return paused.delete(endpoint);
    const before = paused.get(endpoint)?.waitMs || unreachableMs.least / 2;
    const waitMs = Math.min(before * 2, unreachableMs.most);
    return paused.set(endpoint, { untilMs: clock.now() + waitMs, waitMs, isGone: false });
  }

  async function handle(message: OutboxMessage, signal: AbortSignal): Promise<void> {
    const about = {
      webhookId: message.id,
      endpoint: hostOf(message.endpoint),
      connectionId: message.connectionId,
    };
    if (!endpoints.includes(message.endpoint)) {
      logger.warn(about, 'a webhook is given up: its endpoint is not configured any more');
      return store.completeMessage(message, undefined);
    }
    const now = clock.now();
    const first = await store.firstMessage(message);
    if (first && first.id !== message.id && now - Date.parse(first.createdAt) < longestHoldMs)
      return store.completeMessage(message, {
        dueAt: new Date(Math.max(Date.parse(first.dueAt), now) + behindMs).toISOString(),
        attempts: message.attempts,
      });
    const count = (outcome: string) => metrics.webhookDeliveries.inc({ outcome });
    const pause = paused.get(message.endpoint);
    if (pause && pause.untilMs > now) {
      if (pause.isGone && now - Date.parse(message.createdAt) > longestWaitMs) {
        count('gone');
        logger.error(about, 'a webhook is given up: its endpoint has answered 410 for a day');
        return store.completeMessage(message, undefined);
      }
      return store.completeMessage(message, {
        dueAt: new Date(pause.untilMs + Math.random() * 1000).toISOString(),
        attempts: message.attempts,
      });
    }
    // One message tries whether the endpoint is back; the others wait for what comes of it.
    if (pause) pause.untilMs = now + unreachableMs.most;
    const result = await deliver(message, { nowMs: now, signal });
    // The service ends: nothing is known of this try, so it is made again.
    if (signal.aborted && result.outcome === 'failed') return;
    remember(message.endpoint, result);
    if (result.outcome !== 'delivered') failing.add(message.endpoint);
    const attempts = message.attempts + 1;
    if (result.outcome === 'delivered') {
      count('delivered');
      logger.info({ ...about, attempts, status: result.status }, 'a webhook was delivered');
      await store.completeMessage(message, undefined);
      if (failing.delete(message.endpoint)) await store.hastenMessages(message.endpoint, isoNow(clock));
      return;
    }
    if (result.outcome === 'gone') {
      count('gone');
      logger.error(
        { ...about, nextAt: new Date(now + goneMs).toISOString() },
        'a webhook is given up: its endpoint answers 410 and wants no more of them, and gets none for an hour',
      );
      return store.completeMessage(message, undefined);
    }
    const dueAt = afterFailure({ failures: attempts, nowMs: now, retryAfterMs: result.retryAfterMs });
    const failure = { ...about, attempts, status: result.status, reason: result.reason };
    count(dueAt === undefined ? 'given_up' : 'retried');
    if (dueAt === undefined) {
      logger.error(failure, 'a webhook is given up: it could not be delivered in more than a day');
      return store.completeMessage(message, undefined);
    }
    logger.warn({ ...failure, nextAt: dueAt }, 'a webhook was not delivered, and is tried again');
    return store.completeMessage(message, { dueAt, attempts });
  }

  return runDueLoop<OutboxMessage>({
    name: 'webhooks',
    idOf: ({ id, endpoint }) => `${id} ${endpoint}`,
    clock,
    logger,
    concurrency: 16,
    leaseMs,
    async claim(request) {
      // The clock was ahead and is right again: what was put off to its time comes back.
      if (clockWatch.jump() < 0) {
        paused.clear();
        for (const endpoint of endpoints) await store.hastenMessages(endpoint, request.now);
      }
      return store.leaseMessages(request);
    },
    nextAt: () => store.nextMessageAt(),
    handle,
  });
}

/** An endpoint's path may hold a token of its owner's. */
const hostOf = (endpoint: string): string => new URL(endpoint).host;
