import type { Logger } from 'pino';
import type { Clock, Store } from './domain/ports.js';
import type { Scheduler } from './jobs/index.js';
import type { Metrics } from './metrics/index.js';

const intervalMs = 3_600_000;
const dayMs = 86_400_000;

/**
 * Deletes audit records that are older than they are kept, every hour, the first time an hour after the start. Each time
 * counts from the clock of an hour before, unless that was ahead of now: a clock that jumps for a while deletes nothing.
 */
export function keepAuditFor(
  days: number,
  { store, clock, logger, metrics }: { store: Store; clock: Clock; logger: Logger; metrics: Metrics },
): Scheduler {
  const stopping = new AbortController();

  async function deleteOld(seenMs: number): Promise<void> {
    const keptSince = new Date(seenMs - days * dayMs).toISOString();
    try {
      const deleted = await store.deleteAuditBefore(keptSince);
      metrics.auditDeleted.inc(deleted);
      if (deleted > 0) logger.info({ deleted, keptSince, days }, 'old audit records deleted');
    } catch (error) {
      if (!stopping.signal.aborted)
        logger.warn({ err: error, keptSince }, 'old audit records not deleted; tried again in an hour');
    }
  }

  async function run(): Promise<void> {
    for (let seenMs = clock.now(); ; ) {
      await clock.sleep(intervalMs, stopping.signal);
      if (stopping.signal.aborted) return;
      const nowMs = clock.now();
      if (seenMs <= nowMs) await deleteOld(seenMs);
      seenMs = nowMs;
    }
  }

  const ran = run();
  return {
    // Nothing makes records older than they are.
    wake() {},
    async stop() {
      stopping.abort();
      await ran;
    },
  };
}
