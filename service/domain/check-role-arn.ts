import { RolebridgeError } from './errors.js';
import { type ParsedRoleArn, parseRoleArn } from './role-arn.js';
import type { VerificationReport } from './verification-report.js';
import type { RoleToVerify } from './verify-role.js';

/** What can be said of a role without asking AWS. @throws Refused */
export function checkRoleArn(
  request: Pick<RoleToVerify, 'roleArn' | 'connection' | 'vendorPrincipals' | 'deniedAccountIds'>,
  receipt: VerificationReport,
): ParsedRoleArn {
  const { connection, vendorPrincipals } = request;
  const parsed = parsedArn(request.roleArn, receipt);
  if (!vendorPrincipals.has(parsed.partition))
    receipt.fail(
      'role_arn',
      'partition_not_supported',
      `The role is in partition "${parsed.partition}", where the vendor has no principal; credentials of one partition can't assume into another.`,
      `Use a role in one of these partitions: ${[...vendorPrincipals.keys()].join(', ')}.`,
    );
  receipt.pass('role_arn', `${parsed.arn} is the ARN of a role.`);
  const vendorAccounts = [...vendorPrincipals.values()].map((arn) => arn.split(':')[4]);
  if (vendorAccounts.includes(parsed.accountId) || request.deniedAccountIds.has(parsed.accountId))
    receipt.fail(
      'not_vendor_account',
      'role_in_vendor_account',
      `Roles in account ${parsed.accountId} can't be connected.`,
      'Make the role in your own account, and give that one.',
    );
  receipt.pass('not_vendor_account', `Account ${parsed.accountId} is not the vendor's.`);
  const expected = connection.expectedAccountId;
  if (expected !== undefined && expected !== parsed.accountId)
    receipt.fail(
      'account',
      'account_mismatch',
      `The role is in account ${parsed.accountId}, but this connection is for account ${expected}.`,
      `Deploy with credentials of account ${expected}, or have the vendor make a connection for ${parsed.accountId}.`,
    );
  return parsed;
}

function parsedArn(text: string, receipt: VerificationReport): ParsedRoleArn {
  try {
    return parseRoleArn(text);
  } catch (error) {
    if (!(error instanceof RolebridgeError)) throw error;
    return receipt.fail('role_arn', error.code, error.detail, error.remedy ?? '');
  }
}
