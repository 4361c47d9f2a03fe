import { type Connection, claimedRole, isDeleted, isVerifiable, roleRegistrationOf } from './connection.js';
import type { Job } from './ports.js';
import { parseRoleArn } from './role-arn.js';

/** When the service looks at connections without a request. */
export interface Schedule {
  /** A connection with a role or an access key is verified again at least this often. */
  readonly verifyIntervalMs: number;
  /** The negative probes are made again at least this often. */
  readonly probeIntervalMs: number;
  /** A pending connection that was never used goes after this long. */
  readonly pendingExpiryMs: number;
}

/** While an external ID is being changed: the callback may have come before AWS knew the new trust policy everywhere. */
const rotationIntervalMs = 300_000;
/** A failed check is repeated after this long before it counts. */
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

  // Also when another role takes its place: its customer may have left it as it was.
  const givenUp = before && claimedRole(before);
  const trust = before && roleRegistrationOf(before);
  if (givenUp && trust && claimedRole(next) !== givenUp)
    add('confirm_revocation', nowMs + (proofDelaysMs[0] ?? 0), {
      arn: givenUp,
      externalId: trust.externalId,
      partition: parseRoleArn(givenUp).partition,
    });
  return { jobs, endJobs: ended.map((purpose) => ({ organizationId, connectionId, purpose })) };
}

/** Spread at random, so that connections that were made or checked together are not checked together for ever. */
function untilNextCheck(next: Connection, plan: Schedule, isWatched: boolean | undefined): number {
  const interval = pendingExternalId(next)
    ? Math.min(plan.verifyIntervalMs, rotationIntervalMs)
    : plan.verifyIntervalMs;
  const earliest = isWatched ? 0.8 : 0.2;
  return interval * (earliest + Math.random() * (1 - earliest));
}

const wasChecked = (before: Connection, next: Connection): boolean =>
  !isVerifiable(before) || (isVerifiable(next) && before.verification !== next.verification);

const pendingExternalId = (connection: Connection) =>
  isDeleted(connection) ? undefined : roleRegistrationOf(connection)?.pendingExternalId;

/** How long after one another AWS is asked whether a role that was given up is closed: a day in all. */
const proofDelaysMs: readonly number[] = [
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

/** Checks within the first hour. */
export const revocationChecksInAnHour = 10;

/** When to ask again after so many answers that the role is still open; undefined after a day. */
export const nextRevocationCheckAt = (attempts: number, nowMs: number): string | undefined => {
  const delay = proofDelaysMs[attempts];
  return delay === undefined ? undefined : new Date(nowMs + delay).toISOString();
};
