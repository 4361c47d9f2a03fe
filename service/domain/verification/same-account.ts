import { inconclusiveMessages } from '../inconclusive.js';
import type { OpenedRole } from './assume.js';
import { Inconclusive } from './report.js';
import type { Attempt } from './request.js';

/** The session is one of this role, and GetCallerIdentity says so too. */
export async function sameAccount({ report, role, sts }: Attempt, opened: OpenedRole): Promise<void> {
  const { arn, accountId, partition, name } = role;
  const isOfRole = opened.sessionArn.startsWith(`arn:${partition}:sts::${accountId}:assumed-role/${name}/`);
  if (isOfRole) {
    const identity = report.requireVerdict(
      await sts.callerIdentity(partition, opened.credentials),
      'caller_identity',
    );
    // The call needs no permission: something on the way denies it.
    if (identity.outcome === 'denied')
      throw new Inconclusive('denied_on_the_way', ...inconclusiveMessages.denied_on_the_way);
    if (identity.accountId === accountId && identity.arn === opened.sessionArn) return;
  }
  report.fail(
    'account',
    'account_mismatch',
    `The session that AWS opened is not one of ${arn}.`,
    'Copy the ARN again from the page of the role in the IAM console, and try again.',
  );
}
