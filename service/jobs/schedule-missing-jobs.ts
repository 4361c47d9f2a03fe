import type { Logger } from 'pino';
import type { Dependencies } from '../actions/dependencies.js';
import type { Connection } from '../domain/connection.js';
import type { OrganizationId } from '../domain/ids.js';
import type { Job } from '../domain/ports.js';
import { jobsAfter, type Schedule } from '../domain/schedule.js';

/** Jobs that are stored in one change. */
const atOnce = 200;
const tryAgainMs = 60_000;
/** With room for clocks of several machines that differ by minutes. */
const longestLeaseMs = 3_600_000;

/**
 * Schedules a job for each connection that should be verified again and has none, spread over the interval: stored before
 * jobs existed, or imported. A check that a clock ahead of time postponed is scheduled again, too. Processes that start
 * together may both store a job; the last one stays. Never throws: a store that fails is asked again.
 */
export async function scheduleMissingJobs(
  deps: Dependencies,
  logger: Logger,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted)
    try {
      const count = await seed(deps, signal);
      if (count > 0) logger.info({ count }, 'scheduled missing re-verification jobs');
      return;
    } catch (error) {
      if (signal.aborted) return;
      logger.warn({ err: error }, 'the store does not list connections without a job');
      await deps.clock.sleep(tryAgainMs, signal);
    }
}

/** The clock was ahead and is correct again: postponed checks are brought forward. */
export const rescheduleJobs = (deps: Dependencies, signal: AbortSignal): Promise<number> =>
  seed(deps, signal, deps.store.everyConnection());

/** No check is due later, and no lease ends later, by a clock that is right. */
const latestDueAt = ({ verifyIntervalMs }: Schedule, nowMs: number): string =>
  new Date(nowMs + Math.max(verifyIntervalMs, longestLeaseMs)).toISOString();

async function seed(
  { store, clock, schedule }: Dependencies,
  signal: AbortSignal,
  connections: AsyncIterable<Connection> = store.connectionsWithoutJob(latestDueAt(schedule, clock.now())),
): Promise<number> {
  let count = 0;
  let waiting: Job[] = [];
  let organizationId: OrganizationId | undefined;
  const flush = async () => {
    if (waiting.length > 0) await store.commit({ jobs: waiting });
    count += waiting.length;
    waiting = [];
  };
  for await (const connection of connections) {
    if (signal.aborted) break;
    // One change is of one organization.
    if (connection.organizationId !== organizationId || waiting.length >= atOnce) await flush();
    organizationId = connection.organizationId;
    waiting.push(...jobsAfter(undefined, connection, schedule, clock.now()).jobs);
  }
  await flush();
  return count;
}
