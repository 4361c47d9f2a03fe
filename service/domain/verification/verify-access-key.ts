import type { AccessKey } from '../access-key.js';
import type { ErrorCode } from '../errors.js';
import { type AccountId, isAccountId } from '../ids.js';
import type { NoVerdict } from '../inconclusive.js';
import type { Clock, Sts } from '../ports.js';
import type { Partition } from '../role-arn.js';
import type { FailedVerification, PassedVerification } from '../verification.js';
import { CheckFailed, Inconclusive, VerificationReport } from './report.js';

export interface AccessKeyToVerify {
  readonly partition: Partition;
  readonly key: AccessKey;
  /** The account that the key must be of, if that is known. */
  readonly expectedAccountId?: AccountId | undefined;
  readonly vendorPrincipals: ReadonlyMap<Partition, string>;
  readonly deniedAccountIds: ReadonlySet<AccountId>;
}

export type AccessKeyVerification =
  | { outcome: 'passed'; verification: PassedVerification; accountId: AccountId; principalArn: string }
  | { outcome: 'refused'; verification: FailedVerification }
  | ({ outcome: 'inconclusive' } & NoVerdict);

/**
 * Asks AWS whose key it is, and refuses a root user's, the vendor's and another account's, and a key of a partition that
 * the vendor no longer supports. The first check that fails ends it; throttling, time-outs and faults of AWS are never a
 * verdict.
 */
export async function verifyAccessKey(
  request: AccessKeyToVerify,
  { sts, clock }: { sts: Sts; clock: Clock },
): Promise<AccessKeyVerification> {
  const report = new VerificationReport(clock, () => {});
  try {
    const { accountId, arn } = await ownerOf(request, sts, report);
    requireAcceptable(request, report, accountId, arn);
    const verification = { ...report.contents(), result: 'passed', accountId, principalArn: arn } as const;
    return { outcome: 'passed', accountId, principalArn: arn, verification };
  } catch (end) {
    if (end instanceof Inconclusive) return { outcome: 'inconclusive', ...end.verdict };
    if (!(end instanceof CheckFailed)) throw end;
    const { code, message, remedy } = end;
    const verification = { ...report.contents(), result: 'failed', code, message, remedy } as const;
    return { outcome: 'refused', verification };
  }
}

async function ownerOf(
  { partition, key, vendorPrincipals }: AccessKeyToVerify,
  sts: Sts,
  report: VerificationReport,
) {
  if (!vendorPrincipals.has(partition))
    report.fail(
      'access_key_works',
      'partition_not_supported',
      `The access key is of partition "${partition}", where the vendor has no principal.`,
      'Have the vendor configure a principal in that partition again, or connect an account in another partition.',
    );
  const answer = report.requireVerdict(await sts.accessKeyIdentity(partition, key), 'caller_identity');
  if (answer.outcome === 'denied') {
    const [code, message, remedy] = refusals[answer.reason];
    return report.fail('access_key_works', code, message, remedy);
  }
  const { accountId, arn } = answer;
  if (!isAccountId(accountId) || !isIdentity(arn, accountId, partition))
    throw Inconclusive.because('malformed');
  report.pass('access_key_works', `The access key works, and is ${arn}'s.`);
  return { accountId, arn };
}

function requireAcceptable(
  { vendorPrincipals, deniedAccountIds, expectedAccountId: expected }: AccessKeyToVerify,
  report: VerificationReport,
  accountId: AccountId,
  arn: string,
): void {
  // A session of the root user, too: GetSessionToken's has the same ARN, AssumeRoot's is "assumed-root".
  if (/^arn:[^:]+:(iam|sts)::\d{12}:(assumed-)?root(\/|$)/.test(arn))
    report.fail(
      'not_root_user',
      'root_access_key',
      `The access key is the root user's of account ${accountId}: it can do anything there, and no policy can limit it.`,
      "Delete the root user's access key in AWS. Connect with a role, or with a key of an IAM user that has the permissions needed and no more.",
    );
  report.pass('not_root_user', "The access key is not a root user's.");

  const vendorAccounts = [...vendorPrincipals.values()].map((principal) => principal.split(':')[4]);
  if (vendorAccounts.includes(accountId) || deniedAccountIds.has(accountId))
    report.fail(
      'not_vendor_account',
      'key_in_vendor_account',
      `Access keys of account ${accountId} can't be connected.`,
      'Create a key in your own account and send that one.',
    );
  report.pass('not_vendor_account', `Account ${accountId} is not the vendor's.`);

  if (expected !== undefined && expected !== accountId)
    report.fail(
      'account',
      'account_mismatch',
      `The access key belongs to account ${accountId}, but this connection is for account ${expected}.`,
      `Send a key of account ${expected}, or create a connection for account ${accountId}.`,
    );
  report.pass('account', `The access key belongs to account ${accountId}.`);
}

/** The ARN of a user, root or session in the account and partition that were asked. */
const isIdentity = (arn: string, accountId: AccountId, partition: Partition): boolean =>
  [`arn:${partition}:iam::${accountId}:`, `arn:${partition}:sts::${accountId}:`].some((prefix) =>
    arn.startsWith(prefix),
  );

const refusals = {
  key_unknown: [
    'access_key_invalid',
    'AWS does not know the access key id, or not together with this session token.',
    'Check in the IAM console that the key is active, check its partition, and copy it again, with its session token if it begins with ASIA. A new key can need a minute to propagate.',
  ],
  secret_wrong: [
    'access_key_invalid',
    'The secret access key is not the one that belongs to the access key id.',
    'Copy the whole secret again. If it is lost, create a new access key in the IAM console: AWS shows a secret only once.',
  ],
  key_expired: [
    'access_key_expired',
    'The session token has expired.',
    "Send new temporary credentials, or connect with a role: the service renews a role's credentials.",
  ],
  region_disabled: [
    'access_key_invalid',
    "STS is switched off in the key's account for the region that the service asks.",
    'Activate STS for that region in the IAM console (Account settings), and try again.',
  ],
} as const satisfies Record<string, readonly [ErrorCode, string, string]>;
