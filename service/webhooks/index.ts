/**
 * Delivers events to the vendor's endpoints as signed Standard Webhooks. Messages are stored with their change
 * (`actions/commit-change.ts`) and retried until the endpoint accepts them.
 */

import type { Logger } from 'pino';
import { type Dependencies, isoNow } from '../actions/dependencies.js';
import { messageKey } from '../domain/outbox-message.js';
import type { DeliveryAttempt, NextDelivery, OutboxMessage } from '../domain/ports.js';
import { detectClockJumps } from '../jobs/clock-jumps.js';
import { type Scheduler, startScheduler } from '../jobs/scheduler.js';
import type { Metrics } from '../metrics/index.js';
import { createDelivery, type DeliveryOptions, type DeliveryResult } from './deliver-message.js';
import { createDestinations } from './destinations.js';
import { createPauses, goneMs } from './pauses.js';
import { afterFailure } from './retry-schedule.js';
import { createShares, slots } from './shares.js';

export interface WebhookOptions extends DeliveryOptions {
  /** URLs that get every event of every organization. */
  readonly endpoints?: readonly string[] | undefined;
  /** Secrets of the endpoints in the settings; `whsec_…`. */
  readonly secrets?: readonly string[] | undefined;
}

/** Longer than the timeout of a delivery. */
const leaseMs = 60_000;
/** The longest time that an undeliverable message holds up the next of its connection; `version` shows the gap. */
const longestHoldMs = 3_600_000;
/** The delay after the previous message of the same connection. */
const behindMs = 50;
/** Messages to an endpoint that keeps answering 410 are dropped after this time. */
const longestWaitMs = 24 * 3_600_000;

/** Starts the delivery. */
export function deliverMessages(
  deps: Pick<Dependencies, 'store' | 'clock' | 'encryption' | 'webhooks'>,
  { logger, metrics }: { logger: Logger; metrics: Metrics },
  { secrets = [], ...options }: WebhookOptions = {},
): Scheduler {
  const { store, clock } = deps;
  const deliver = createDelivery(options);
  const destinationOf = createDestinations(deps, deps.webhooks.endpoints, secrets);
  const clockJumps = detectClockJumps(clock);
  const pauses = createPauses(clock);
  const shares = createShares();
  /** Endpoints whose last delivery by this process succeeded. */
  const working = new Set<string>();
  /** Lookups of the last results of endpoints: one that answered 410 stays paused after a restart. */
  const recalls = new Map<string, Promise<void>>();
  const count = (outcome: string) => metrics.webhookDeliveries.inc({ outcome });
  const later = (message: OutboxMessage, atMs: number) =>
    store.completeMessage(message, { dueAt: new Date(atMs).toISOString(), attempts: message.attempts });
  const drop = (message: OutboxMessage, next: Pick<NextDelivery, 'attempts' | 'lastAttempt'> = message) => {
    const { attempts, lastAttempt } = next;
    const finished = { at: isoNow(clock), outcome: 'failed' } as const;
    return store.completeMessage(message, { attempts, lastAttempt, finished });
  };

  /** Messages that are leased together share one lookup; a failed lookup is repeated. */
  function recall(endpoint: string, url: string): Promise<void> {
    const recalled =
      recalls.get(endpoint) ??
      lookUp(endpoint, url).catch((error) => {
        recalls.delete(endpoint);
        throw error;
      });
    recalls.set(endpoint, recalled);
    return recalled;
  }

  async function lookUp(endpoint: string, url: string): Promise<void> {
    const lastOf = async (status: 'failed' | 'delivered') =>
      (await store.deliveries({ endpoint, status, limit: 1 })).deliveries[0]?.lastAttempt;
    const [failed, delivered] = await Promise.all([lastOf('failed'), lastOf('delivered')]);
    if (failed?.status === 410 && failed.at > (delivered?.at ?? ''))
      pauses.recallGone(url, Date.parse(failed.at));
  }

  async function handle(message: OutboxMessage, signal: AbortSignal): Promise<void> {
    const destination = await destinationOf(message.endpoint);
    const about = aboutMessage(message, destination?.url);
    if (destination === undefined) {
      logger.warn(about, 'webhook dropped: its endpoint is disabled or deleted');
      return store.completeMessage(message, undefined);
    }
    const now = clock.now();
    const first = await store.firstMessage(message);
    if (first && first.id !== message.id && now - Date.parse(first.createdAt) < longestHoldMs)
      return later(message, Math.max(Date.parse(first.dueAt), now) + behindMs);
    const { url } = destination;
    await recall(message.endpoint, url);
    // Someone waits for the result of a test message.
    const pause = message.connectionId === undefined ? undefined : pauses.of(url);
    if (pause) {
      if (!pause.isGone || now - Date.parse(message.createdAt) <= longestWaitMs)
        // New messages go first: the endpoint may be slow because of the failed one.
        return later(message, pause.untilMs + (message.attempts > 0 ? 1000 : 0) + Math.random() * 1000);
      count('gone');
      logger.error(about, 'webhook dropped: its endpoint has answered 410 for a day');
      return drop(message);
    }
    const turnAtMs = shares.turnOf(message, now);
    if (turnAtMs !== undefined) return later(message, turnAtMs);
    pauses.holdOthers(url);
    const result = await shares.hold(message, () => deliver(message, destination, { nowMs: now, signal }));
    // Aborted by shutdown; retry.
    if (signal.aborted && result.outcome === 'failed') return;
    pauses.learn(url, result);
    await finish(message, result, about, { at: isoTime(now), attempts: message.attempts + 1 });
  }

  async function finish(
    message: OutboxMessage,
    result: DeliveryResult,
    about: object,
    { at, attempts }: { at: string; attempts: number },
  ): Promise<void> {
    const { endpoint } = message;
    const { status } = result;
    const lastAttempt: DeliveryAttempt = { at, status, ...('reason' in result && { reason: result.reason }) };
    const line = { ...about, attempts, status };
    if (result.outcome === 'delivered') {
      count('delivered');
      logger.info(line, 'webhook delivered');
      const finished = { at: isoNow(clock), outcome: 'delivered' } as const;
      await store.completeMessage(message, { attempts, lastAttempt, finished });
      if (working.has(endpoint)) return;
      working.add(endpoint);
      return store.hastenMessages(endpoint, isoNow(clock));
    }
    working.delete(endpoint);
    if (result.outcome === 'gone') {
      count('gone');
      const nextAt = isoTime(Date.parse(at) + goneMs);
      logger.error(
        { ...about, nextAt },
        'webhook dropped: its endpoint answers 410 (gone) and is paused for an hour',
      );
      return drop(message, { attempts, lastAttempt });
    }
    const { reason, retryAfterMs } = result;
    const dueAt = afterFailure({ failures: attempts, nowMs: Date.parse(at), retryAfterMs });
    count(dueAt === undefined ? 'given_up' : 'retried');
    if (dueAt === undefined) {
      logger.error({ ...line, reason }, 'webhook dropped: it could not be delivered in more than a day');
      return drop(message, { attempts, lastAttempt });
    }
    logger.warn({ ...line, reason, nextAt: dueAt }, 'webhook not delivered; it will be retried');
    return store.completeMessage(message, { dueAt, attempts, lastAttempt });
  }

  return startScheduler<OutboxMessage>({
    name: 'webhooks',
    keyOf: messageKey,
    clock,
    logger,
    concurrency: slots.all,
    leaseMs,
    async lease(request) {
      // The clock was ahead and is correct again: hasten postponed messages.
      if (clockJumps.jump() < 0) {
        pauses.clear();
        await store.hastenMessages(undefined, request.now);
      }
      return store.leaseMessages(request);
    },
    nextAt: () => store.nextMessageAt(),
    handle,
  });
}

/** The log has only the host of the endpoint, because its path can contain a token. */
const aboutMessage = ({ id, endpoint, connectionId }: OutboxMessage, url: string | undefined) => ({
  webhookId: id,
  endpointId: endpoint,
  ...(url !== undefined && { endpoint: new URL(url).host }),
  connectionId,
});

const isoTime = (ms: number): string => new Date(ms).toISOString();
