/**
 * Scheduled work on connections: re-verification, expiry of unused connections, and confirmation that access has ended.
 * `actions/` evaluates the findings; this file decides time, concurrency and log lines.
 */

import { randomUUID } from 'node:crypto';
import type { Logger } from 'pino';
import { deleteConnection } from '../actions/change-connection.js';
import { confirmRevocation } from '../actions/confirm-revocation.js';
import type { Dependencies } from '../actions/dependencies.js';
import { type MassFailure, watchForMassFailure } from '../actions/mass-failure.js';
import { outboxMessages } from '../actions/outbox.js';
import { type CheckFinding, reverifyConnection } from '../actions/reverify-connection.js';
import type { Requester } from '../domain/audit.js';
import { jobKey } from '../domain/job.js';
import type { Job } from '../domain/ports.js';
import { isLostProtection } from '../domain/webhook-message.js';
import type { Metrics } from '../metrics/index.js';
import { type ClockJumps, detectClockJumps } from './clock-jumps.js';
import { rescheduleJobs, scheduleMissingJobs } from './schedule-missing-jobs.js';
import { type Scheduler, startScheduler } from './scheduler.js';
import { throttled } from './throttled.js';

export { type Scheduler, startScheduler } from './scheduler.js';

export interface JobsOptions {
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** Calls to STS, of all checks together, in this process. */
  readonly stsCallsPerSecond: number;
}

/** The delay before the second look at a pending connection that seems to be expired. */
const secondLookMs = 600_000;
/** A check takes seconds. After this time, another process takes over the jobs of a dead one. */
const leaseMs = 300_000;
/** The longest delay between two attempts to confirm a revocation. */
const longestRevocationDelayMs = 3_600_000;

/** Starts the scheduler. */
export function runJobs(deps: Dependencies, { logger, metrics, stsCallsPerSecond }: JobsOptions): Scheduler {
  const { store, clock } = deps;
  const stsFor = throttled(deps.sts, { clock, callsPerSecond: stsCallsPerSecond });
  const clockJumps = detectClockJumps(clock);
  const stopping = new AbortController();
  const massFailure = watchForMassFailure(deps, async (event, { organizationId, id }, organizations) => {
    if (event === 'canary_misconfigured' || event === 'canary_works') {
      const isWrong = event === 'canary_misconfigured';
      metrics.canaryMisconfigured.set(isWrong ? 1 : 0);
      logger[isWrong ? 'error' : 'warn']({ event, organizations }, massFailureTexts[event]);
      return;
    }
    const isHeld = event === 'degraded';
    metrics.degraded.set(deps.health.degradedSince === undefined ? 0 : 1);
    const line = { code: 'vendor_not_allowed', organizations };
    logger[isHeld ? 'error' : 'warn'](line, massFailureTexts[event]);
    const type = `service.${event}` as const;
    const about = { organizationId, connectionId: id };
    const messages = await outboxMessages(deps, about, [{ type, data: line }]);
    await store.commit({ messages });
    deps.wake();
  });
  const loop = startScheduler<Job>({
    name: 'jobs',
    keyOf: jobKey,
    clock,
    logger,
    concurrency: 16,
    leaseMs,
    async lease(request) {
      const jump = clockJumps.jump();
      if (jump !== 0) {
        logger.warn({ jumpMs: Math.round(jump) }, 'the time of day jumped against the monotonic clock');
        if (jump < 0) {
          await rescheduleJobs(deps, stopping.signal);
          await store.hastenRevocationChecks(
            new Date(clock.now() + longestRevocationDelayMs).toISOString(),
            request.now,
          );
        }
      }
      return store.leaseJobs(request);
    },
    nextAt: () => store.nextJobAt(),
    async handle(job, signal) {
      const next = await runJob({ ...deps, sts: stsFor(signal) }, job, massFailure, clockJumps, {
        logger,
        metrics,
      });
      await store.completeJob(job, next);
    },
  });
  const scheduled = scheduleMissingJobs(deps, logger, stopping.signal).then(loop.wake);
  return {
    wake: loop.wake,
    async stop() {
      stopping.abort();
      await Promise.all([loop.stop(), scheduled]);
    },
  };
}

const massFailureTexts = {
  degraded:
    'AWS denies the roles of several organizations at once: verdicts are on hold. Check what allows the service sts:AssumeRole',
  recovered: 'roles can be assumed again: verdicts are no longer on hold',
  canary_misconfigured:
    'the canary role is misconfigured, and verdicts continue: AWS denies it while the roles of customers open, or opens it without its external ID',
  canary_works: 'the canary role works again',
} as const;

const ownRequest = (): Requester => ({ actor: { kind: 'service' }, requestId: randomUUID() });

async function runJob(
  deps: Dependencies,
  job: Job,
  massFailure: MassFailure,
  clockJumps: ClockJumps,
  reports: Reports,
): Promise<{ dueAt: string; attempts: number } | undefined> {
  const by = ownRequest();
  const { logger } = reports;
  const { organizationId, connectionId } = job;
  const about = { organizationId, connectionId, requestId: by.requestId };
  switch (job.purpose) {
    case 'verify': {
      const { result, next } = await reverifyConnection(deps, by, job, massFailure);
      logOutcome(reports, about, result);
      return next;
    }
    case 'expire': {
      // An irreversible job needs a second look and a steady clock.
      if (job.attempts === 0 || !clockJumps.isSettled())
        return { dueAt: new Date(deps.clock.now() + secondLookMs).toISOString(), attempts: 1 };
      const connection = await deps.store.connection(organizationId, connectionId);
      if (connection?.status !== 'pending') return undefined;
      await deleteConnection(deps, by, connection, { isExpiry: true });
      logger.info(about, 'a pending connection that was never used expired');
      return undefined;
    }
    case 'confirm_revocation': {
      const { finding, next } = await confirmRevocation(deps, by, job);
      const aboutRole = { ...about, roleArn: job.role?.arn };
      if (finding === 'ended') logger.info(aboutRole, 'access has ended: AWS denies the role');
      if (finding === 'no_principal')
        logger.warn(aboutRole, 'the vendor has no principal in the partition of a role that was given up');
      if (finding === 'unknown')
        logger.warn(
          { ...aboutRole, code: 'vendor_not_allowed' },
          'a policy of the vendor has denied a role that was given up for a day: whether its access ended is unknown',
        );
      if (finding === 'given_up')
        logger.warn(
          { ...aboutRole, code: 'access_not_ended' },
          'AWS still lets the service assume a role a day after it was given up; no more attempts follow',
        );
      return next;
    }
  }
}

type Reports = Pick<JobsOptions, 'logger' | 'metrics'>;

function logOutcome({ logger, metrics }: Reports, about: object, result: CheckFinding): void {
  if (result.finding === 'inconclusive') {
    const { code, message, remedy } = result;
    if (message === undefined) logger.info({ ...about, code }, 'a check has no verdict');
    else logger.error({ ...about, code, remedy }, `a check can't run: ${message}`);
  }
  if (result.finding !== 'refused') return;
  const { code, message, isPersisted, before } = result;
  const values = { ...about, code, ...('roleArn' in before && { roleArn: before.roleArn }) };
  if (isLostProtection(before, code) && before.status === 'connected') {
    metrics.securityEvents.inc({ code });
    logger.error({ ...values, security: true }, `the role of a connection lost its protection: ${message}`);
  } else if (code === 'vendor_not_allowed' && isPersisted && before.status === 'connected')
    logger.error(values, `a policy of the vendor denies one role, and its connection failed: ${message}`);
  else if (before.status === 'connected')
    logger.warn(
      values,
      `a check ${isPersisted ? 'failed again' : 'failed, and is repeated soon'}: ${message}`,
    );
}
