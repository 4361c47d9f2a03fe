import type { Logger } from 'pino';
import type { Clock, Store } from './domain/ports.js';
import type { Scheduler } from './jobs/index.js';

const intervalMs = 60_000;
/** A record is in the log well before it is as old as this. */
const settledMs = 120_000;

/** Signs the heads of the audit logs every minute. */
export function signAuditLogs({
  store,
  clock,
  logger,
}: {
  store: Store;
  clock: Clock;
  logger: Logger;
}): Scheduler {
  const stopping = new AbortController();
  async function run(): Promise<void> {
    for (;;) {
      await clock.sleep(intervalMs, stopping.signal);
      if (stopping.signal.aborted) return;
      await store.signAudit(new Date(clock.now() - settledMs).toISOString()).catch((error: unknown) => {
        if (!stopping.signal.aborted)
          logger.warn({ err: error }, 'audit logs not signed; tried again in a minute');
      });
    }
  }
  const ran = run();
  return {
    wake() {},
    async stop() {
      stopping.abort();
      await ran;
    },
  };
}
