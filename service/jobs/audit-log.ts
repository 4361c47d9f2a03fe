/** The audit log's own jobs, which are due at a fixed interval. */
import type { Logger } from 'pino';
import type { Clock, Store } from '../domain/ports.js';
import type { Metrics } from '../metrics/index.js';
import type { Scheduler } from './scheduler.js';

interface AuditJobDependencies {
  readonly store: Store;
  readonly clock: Clock;
  readonly logger: Logger;
}

const minuteMs = 60_000;
const hourMs = 3_600_000;
const dayMs = 86_400_000;
/** A record is in the log well before it is as old as this. */
const settledMs = 120_000;

/** Signs the heads of the audit logs every minute. */
export const signAuditLogs = ({ store, clock, logger }: AuditJobDependencies): Scheduler =>
  runEvery(minuteMs, clock, {
    work: (nowMs) => store.signAudit(new Date(nowMs - settledMs).toISOString()),
    failed: (err) => logger.warn({ err }, 'audit logs not signed; retried in a minute'),
  });

/**
 * Deletes audit records that are older than the retention period, every hour. The time of the run before counts, unless it
 * is later than now: a clock that jumps ahead for a while deletes nothing.
 */
export const keepAuditFor = (
  days: number,
  { store, clock, logger, metrics }: AuditJobDependencies & { readonly metrics: Metrics },
): Scheduler =>
  runEvery(hourMs, clock, {
    async work(nowMs, lastMs) {
      if (lastMs > nowMs) return;
      const keptSince = new Date(lastMs - days * dayMs).toISOString();
      const deleted = await store.deleteAuditBefore(keptSince);
      metrics.auditDeleted.inc(deleted);
      if (deleted > 0) logger.info({ deleted, keptSince, days }, 'old audit records deleted');
    },
    failed: (err) => logger.warn({ err, days }, 'old audit records not deleted; retried in an hour'),
  });

/** Runs a job at an interval, the first time after one. */
function runEvery(
  intervalMs: number,
  clock: Clock,
  job: { work(nowMs: number, lastMs: number): Promise<unknown>; failed(error: unknown): void },
): Scheduler {
  const stopping = new AbortController();
  async function run(): Promise<void> {
    for (let lastMs = clock.now(); ; ) {
      await clock.sleep(intervalMs, stopping.signal);
      if (stopping.signal.aborted) return;
      const nowMs = clock.now();
      await job.work(nowMs, lastMs).catch((error: unknown) => {
        if (!stopping.signal.aborted) job.failed(error);
      });
      lastMs = nowMs;
    }
  }
  const ran = run();
  return {
    // Nothing is due earlier.
    wake() {},
    async stop() {
      stopping.abort();
      await ran;
    },
  };
}
