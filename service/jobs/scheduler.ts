import { setMaxListeners } from 'node:events';
import type { Logger } from 'pino';
import type { Clock } from '../domain/ports.js';

export interface Queue<Item> {
  /** For the log. */
  readonly name: string;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly idOf: (item: Item) => string;
  /** Items that are handled at the same time. */
  readonly concurrency: number;
  /** Longer than any item takes: then it is free for another process. */
  readonly leaseMs: number;
  readonly lease: (request: { now: string; leaseUntil: string; limit: number }) => Promise<Item[]>;
  /** When the next one is due. */
  readonly nextAt: () => Promise<string | undefined>;
  /** Does the item and says so to the store. The signal is aborted when the service ends. */
  readonly handle: (item: Item, signal: AbortSignal) => Promise<void>;
}

export interface Scheduler {
  /** Something may be due before whatever is waited for. */
  wake(): void;
  /** Takes no more jobs, and waits for running ones. */
  stop(): Promise<void>;
}

/** Another process may have stored something that is due earlier. */
const longestSleepMs = 60_000;
/** Due jobs that can't be leased belong to another process, perhaps a dead one. */
const leasedElsewhereMs = 1_000;
const longestBackOffMs = 30_000;

/**
 * Runs jobs when they are due, and sleeps in between. A failed job is logged and retried when its lease has
 * ended; a store that fails is asked again after a growing while. Nothing ends the loop but `stop`.
 */
export function runDueLoop<Item>(queue: Queue<Item>): Scheduler {
  const { clock, logger, name } = queue;
  const stopping = new AbortController();
  // Each item waits for it in its own way.
  setMaxListeners(0, stopping.signal);
  const running = new Map<string, Promise<void>>();
  let sleeping = new AbortController();
  let isAwakened = false;

  function wake() {
    isAwakened = true;
    sleeping.abort();
  }

  function start(item: Item) {
    const id = queue.idOf(item);
    // The clock jumped past its lease while it was being done here.
    if (running.has(id)) return;
    const done: Promise<void> = queue
      .handle(item, stopping.signal)
      .catch((error: unknown) => {
        if (!stopping.signal.aborted) logger.error({ err: error, loop: name }, 'a due job failed');
      })
      .finally(() => {
        running.delete(id);
        wake();
      });
    running.set(id, done);
  }

  async function takeWhatIsDue(): Promise<void> {
    while (!stopping.signal.aborted && running.size < queue.concurrency) {
      const now = clock.now();
      const limit = queue.concurrency - running.size;
      const items = await queue.lease({
        now: new Date(now).toISOString(),
        leaseUntil: new Date(now + queue.leaseMs).toISOString(),
        limit,
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
        await takeWhatIsDue();
        waitMs = await untilNext();
        backOffMs = 0;
      } catch (error) {
        if (stopping.signal.aborted) return;
        if (backOffMs === 0) logger.warn({ err: error, loop: name }, 'the store does not list due jobs');
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
