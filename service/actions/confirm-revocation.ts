import type { Requester } from '../domain/audit.js';
import { type Connection, claimedRole, externalIdsOf } from '../domain/connection.js';
import { RolebridgeError } from '../domain/errors.js';
import { inconclusiveError } from '../domain/inconclusive.js';
import type { Job } from '../domain/ports.js';
import { nextRevocationCheckAt, revocationChecksInAnHour } from '../domain/schedule.js';
import { aboutConnection } from '../domain/webhook-message.js';
import { audited } from './audited.js';
import type { Dependencies } from './dependencies.js';
import { outboxMessages } from './outbox.js';

/** The delay after an attempt without a verdict. */
const inconclusiveMs = 120_000;

export interface RevocationCheck {
  /**
   * `in_use`: it is the connection's role again. `no_principal`: no credentials for its partition are left. `given_up`: AWS
   * opens it after a day. `unknown`: a policy of the vendor has denied it for a day, which says nothing of the role.
   */
  readonly finding:
    | 'ended'
    | 'in_use'
    | 'no_principal'
    | 'still_open'
    | 'given_up'
    | 'inconclusive'
    | 'unknown';
  readonly next: { readonly dueAt: string; readonly attempts: number } | undefined;
}

/**
 * Calls AssumeRole on a role that the connection no longer has, with every external ID that the role may accept. A denial
 * proves that access has ended. The service stops after a day, and logs that access did not end.
 */
export async function confirmRevocation(
  deps: Dependencies,
  by: Requester,
  job: Job,
): Promise<RevocationCheck> {
  const { role, organizationId, connectionId } = job;
  if (role === undefined) return { finding: 'ended', next: undefined };
  if (!deps.principals.has(role.partition)) return { finding: 'no_principal', next: undefined };
  const connection = await deps.store.connectionForCallback(connectionId);
  if (connection !== undefined && claimedRole(connection) === role.arn)
    return { finding: 'in_use', next: undefined };
  const externalIds = new Set([role.externalId, ...(connection ? externalIdsOf(connection) : [])]);
  const nextAt = nextRevocationCheckAt(job.attempts + 1, deps.clock.now());
  const details = { roleArn: role.arn, attempt: job.attempts + 1 };
  const event = { action: 'connection.confirm_revocation', organizationId, connectionId, details } as const;
  try {
    await audited(deps, by, event, async () => {
      for (const externalId of externalIds) {
        const answer = await deps.sts.assumeRole({
          partition: role.partition,
          roleArn: role.arn,
          externalId,
          sessionName: `rolebridge.end.${connectionId}`,
        });
        if (answer.outcome === 'inconclusive') throw inconclusiveError(answer.reason);
        if (answer.outcome === 'allowed') throw stillOpen(role.arn, nextAt !== undefined);
      }
    });
    return { finding: 'ended', next: undefined };
  } catch (error) {
    if (!(error instanceof RolebridgeError)) throw error;
    // No retry gets past the vendor's own policy, so these attempts count.
    if (error.code === 'vendor_not_allowed')
      return nextAt === undefined
        ? { finding: 'unknown', next: undefined }
        : { finding: 'inconclusive', next: { dueAt: nextAt, attempts: job.attempts + 1 } };
    if (error.code !== 'access_not_ended') {
      const dueAt = new Date(deps.clock.now() + inconclusiveMs * (1 + Math.random())).toISOString();
      return { finding: 'inconclusive', next: { dueAt, attempts: job.attempts } };
    }
    if (job.attempts + 1 === revocationChecksInAnHour && connection !== undefined)
      await reportOpenRole(deps, job, connection, role.arn);
    return nextAt === undefined
      ? { finding: 'given_up', next: undefined }
      : { finding: 'still_open', next: { dueAt: nextAt, attempts: job.attempts + 1 } };
  }
}

/** Reports a role that its stack deregistered an hour ago and that AWS still opens. */
async function reportOpenRole(
  deps: Dependencies,
  { organizationId, connectionId }: Job,
  connection: Connection,
  roleArn: string,
): Promise<void> {
  if (connection.status !== 'disconnected' || connection.reason !== 'deprovisioned') return;
  const data = { ...aboutConnection(connection), code: 'access_not_ended' as const, roleArn };
  const message = { type: 'connection.deprovision_not_confirmed' as const, data };
  const messages = await outboxMessages(deps, { organizationId, connectionId }, [message]);
  await deps.store.commit({ messages });
  deps.wake();
}

const stillOpen = (roleArn: string, isAskedAgain: boolean) =>
  new RolebridgeError('access_not_ended', `AWS still lets the service assume ${roleArn}.`, {
    remedy: 'Delete the role, or remove the vendor from its trust policy.',
    // The last attempt is final: it has no retry time.
    ...(isAskedAgain && { retryAfterSeconds: 60 }),
  });
