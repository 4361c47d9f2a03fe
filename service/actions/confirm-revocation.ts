import type { Dependencies } from '../actions/dependencies.js';
import type { Requester } from '../domain/audit.js';
import { type Connection, claimedRole, externalIdsOf } from '../domain/connection.js';
import { RolebridgeError } from '../domain/errors.js';
import { inconclusiveError } from '../domain/inconclusive.js';
import type { Job } from '../domain/ports.js';
import { nextRevocationCheckAt, revocationChecksInAnHour } from '../domain/schedule.js';
import { aboutConnection } from '../domain/webhook-message.js';
import { audited } from './audited.js';
import { outboxMessages } from './outbox.js';

/** Tries without a verdict are repeated after this long. */
const inconclusiveMs = 120_000;

export interface RevocationCheck {
  /** `in_use`: it is the connection's role again, and nothing is to be proved. */
  readonly finding: 'ended' | 'in_use' | 'still_open' | 'given_up' | 'inconclusive';
  readonly next: { readonly dueAt: string; readonly attempts: number } | undefined;
}

/**
 * Asks AWS whether the service is still let into a role that was given up, with every external ID that the role may have.
 * Its denial is the proof that access has ended. After a day of asking the service gives up, and says so.
 */
export async function confirmRevocation(
  deps: Dependencies,
  by: Requester,
  job: Job,
): Promise<RevocationCheck> {
  const { role, organizationId, connectionId } = job;
  if (role === undefined) return { finding: 'ended', next: undefined };
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

/** The stack reported its role as gone an hour ago, and AWS still opens it. */
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
    // Without it, the last word.
    ...(isAskedAgain && { retryAfterSeconds: 60 }),
  });
