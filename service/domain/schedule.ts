import { type Connection, claimedRole, isDeleted, isVerifiable, roleRegistrationOf } from './connection.js';
import type { Job } from './ports.js';
import { parseRoleArn } from './role-arn.js';

/** The intervals of the scheduled work on connections. */
export interface Schedule {
  /** The longest time between two verifications of a role or an access key. */
  readonly verifyIntervalMs: number;
  /** The longest time between two runs of the negative probes. */
  readonly probeIntervalMs: number;
  /** The time after which a pending connection that was never used expires. */
  readonly pendingExpiryMs: number;
}

/** The interval during a rotation: the callback may have arrived before the new trust policy had propagated. */
const rotationIntervalMs = 300_000;
/** The delay before a failed check is repeated. The second failure in a row counts. */
export const secondCheckMs = 60_000;

/** Jobs to add and to cancel after a change of a connection. */
export function jobsAfter(
  before: Connection | undefined,
  next: Connection,
  plan: Schedule,
  nowMs: number,
): { jobs: Job[]; endJobs: Pick<Job, 'organizationId' | 'connectionId' | 'purpose'>[] } {
  const jobs: Job[] = [];
  const ended: Job['purpose'][] = [];
  const { id: connectionId, organizationId } = next;
  const add = (purpose: Job['purpose'], dueMs: number, role?: Job['role']) =>
    jobs.push({
      connectionId,
      organizationId,
      purpose,
      dueAt: new Date(dueMs).toISOString(),
      attempts: 0,
      ...(role && { role }),
    });

  if (next.status === 'pending' && before === undefined)
    add('expire', Date.parse(next.createdAt) + plan.pendingExpiryMs);
  if (before?.status === 'pending' && next.status !== 'pending') ended.push('expire');

  if (isVerifiable(next)) {
    if (!before || wasChecked(before, next) || pendingExternalId(before) !== pendingExternalId(next))
      add('verify', nowMs + untilNextCheck(next, plan, before && isVerifiable(before)));
  } else if (before && isVerifiable(before)) ended.push('verify');

  // Another role may have replaced this one, which its customer did not delete.
  const releasedRole = before && claimedRole(before);
  const registration = before && roleRegistrationOf(before);
  if (releasedRole && registration && claimedRole(next) !== releasedRole)
    add('confirm_revocation', nowMs + (revocationDelaysMs[0] ?? 0), {
      arn: releasedRole,
      externalId: registration.externalId,
      partition: parseRoleArn(releasedRole).partition,
    });
  return { jobs, endJobs: ended.map((purpose) => ({ organizationId, connectionId, purpose })) };
}

/** The delay has jitter, so that connections that were created together are not checked together. */
function untilNextCheck(next: Connection, plan: Schedule, wasScheduled: boolean | undefined): number {
  const interval = pendingExternalId(next)
    ? Math.min(plan.verifyIntervalMs, rotationIntervalMs)
    : plan.verifyIntervalMs;
  const earliest = wasScheduled ? 0.8 : 0.2;
  return interval * (earliest + Math.random() * (1 - earliest));
}

const wasChecked = (before: Connection, next: Connection): boolean =>
  !isVerifiable(before) || (isVerifiable(next) && before.verification !== next.verification);

const pendingExternalId = (connection: Connection) =>
  isDeleted(connection) ? undefined : roleRegistrationOf(connection)?.pendingExternalId;

/** The delays between the attempts to confirm a revocation: a day in all. */
const revocationDelaysMs: readonly number[] = [
  2_000,
  5_000,
  15_000,
  30_000,
  60_000,
  120_000,
  300_000,
  600_000,
  1_800_000,
  // Ends the first hour, after which an open role is reported.
  668_000,
  ...Array<number>(23).fill(3_600_000),
];

/** The number of attempts within the first hour. */
export const revocationChecksInAnHour = 10;

/** The time of the next attempt; undefined after a day. */
export const nextRevocationCheckAt = (attempts: number, nowMs: number): string | undefined => {
  const delay = revocationDelaysMs[attempts];
  return delay === undefined ? undefined : new Date(nowMs + delay).toISOString();
};
