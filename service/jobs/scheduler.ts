import { setMaxListeners } from 'node:events';
import type { Logger } from 'pino';
import type { Clock, LeaseRequest } from '../domain/ports.js';

export interface Queue<Item> {
  /** The name in the log. */
  readonly name: string;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly keyOf: (item: Item) => string;
  /** The most items that are handled concurrently. */
  readonly concurrency: number;
  /** The lease, longer than any item takes: after it, another process can take the item. */
  readonly leaseMs: number;
  readonly lease: (request: LeaseRequest) => Promise<Item[]>;
  /** The time when the next item is due. */
  readonly nextAt: () => Promise<string | undefined>;
  /** Handles the item and completes it in the store. The signal is aborted on shutdown. */
  readonly handle: (item: Item, signal: AbortSignal) => Promise<void>;
}

export interface Scheduler {
  /** Call it after storing an item that may be due sooner. */
  wake(): void;
  /** Leases no more items, and waits for running ones. */
  stop(): Promise<void>;
}

/** The longest sleep: another process may have stored an item that is due sooner. */
const longestSleepMs = 60_000;
/** The retry delay for due items that another process has leased. */
const leasedElsewhereMs = 1_000;
const longestBackOffMs = 30_000;

/**
 * Runs jobs when they are due, and sleeps in between. A failed job is logged and retried when its lease expires; a store
 * that fails is retried with backoff. Only `stop` ends the loop.
 */
export function startScheduler<Item>(queue: Queue<Item>): Scheduler {
  const { clock, logger, name } = queue;
  const stopping = new AbortController();
  // Every running item listens to the signal.
  setMaxListeners(0, stopping.signal);
  const running = new Map<string, Promise<void>>();
  let sleeping = new AbortController();
  let isAwakened = false;

  function wake() {
    isAwakened = true;
    sleeping.abort();
  }

  function start(item: Item) {
    const key = queue.keyOf(item);
    const done: Promise<void> = queue
      .handle(item, stopping.signal)
      .catch((error: unknown) => {
        if (!stopping.signal.aborted)
          logger.error({ err: error, loop: name }, 'a job failed, and is retried when its lease expires');
      })
      .finally(() => {
        running.delete(key);
        wake();
      });
    running.set(key, done);
  }

  async function leaseAndStart(): Promise<void> {
    while (!stopping.signal.aborted && running.size < queue.concurrency) {
      const now = clock.now();
      const limit = queue.concurrency - running.size;
      const items = await queue.lease({
        now: new Date(now).toISOString(),
        leaseUntil: new Date(now + queue.leaseMs).toISOString(),
        limit,
        // Some may be completed in the store and due again, or have outlived their lease when the clock jumped.
        except: new Set(running.keys()),
      });
      for (const item of items) start(item);
      if (items.length < limit) return;
    }
  }

  async function untilNext(): Promise<number> {
    if (running.size >= queue.concurrency) return longestSleepMs;
    const next = await queue.nextAt();
    if (next === undefined) return longestSleepMs;
    const waitMs = Date.parse(next) - clock.now();
    return waitMs <= 0 ? leasedElsewhereMs : Math.min(waitMs, longestSleepMs);
  }

  async function run(): Promise<void> {
    let backOffMs = 0;
    while (!stopping.signal.aborted) {
      isAwakened = false;
      let waitMs: number;
      try {
        await leaseAndStart();
        waitMs = await untilNext();
        backOffMs = 0;
      } catch (error) {
        if (stopping.signal.aborted) return;
        if (backOffMs === 0)
          logger.warn({ err: error, loop: name }, 'due jobs could not be leased, and the loop retries');
        backOffMs = Math.min(Math.max(500, backOffMs * 2), longestBackOffMs);
        await clock.sleep(backOffMs, stopping.signal);
        continue;
      }
      if (isAwakened || stopping.signal.aborted) continue;
      sleeping = new AbortController();
      await clock.sleep(waitMs, sleeping.signal);
    }
  }

  const ran = run();
  return {
    wake,
    async stop() {
      stopping.abort();
      wake();
      await ran;
      await Promise.all(running.values());
    },
  };
}
