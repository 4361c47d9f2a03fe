import { RolebridgeError } from '../errors.js';
import { type ParsedRoleArn, parseRoleArn } from '../role-arn.js';
import type { VerificationReport } from './report.js';
import type { RoleToVerify } from './request.js';

/** Checks of a role without a call to AWS. @throws CheckFailed */
export function checkRoleArn(
  request: Pick<RoleToVerify, 'roleArn' | 'connection' | 'vendorPrincipals' | 'deniedAccountIds'>,
  report: VerificationReport,
): ParsedRoleArn {
  const { connection, vendorPrincipals } = request;
  const parsed = parsedArn(request.roleArn, report);
  if (!vendorPrincipals.has(parsed.partition))
    report.fail(
      'role_arn',
      'partition_not_supported',
      `The role is in partition "${parsed.partition}", where the vendor has no principal; credentials of one partition can't assume into another.`,
      `Use a role in one of these partitions: ${[...vendorPrincipals.keys()].join(', ')}.`,
    );
  report.pass('role_arn', `${parsed.arn} is the ARN of a role.`);
  const vendorAccounts = [...vendorPrincipals.values()].map((arn) => arn.split(':')[4]);
  if (vendorAccounts.includes(parsed.accountId) || request.deniedAccountIds.has(parsed.accountId))
    report.fail(
      'not_vendor_account',
      'role_in_vendor_account',
      `Roles in account ${parsed.accountId} can't be connected.`,
      'Create the role in your own account, and connect that one.',
    );
  report.pass('not_vendor_account', `Account ${parsed.accountId} is not the vendor's.`);
  const expected = connection.expectedAccountId;
  if (expected !== undefined && expected !== parsed.accountId)
    report.fail(
      'account',
      'account_mismatch',
      `The role is in account ${parsed.accountId}, but this connection is for account ${expected}.`,
      `Deploy with credentials of account ${expected}, or have the vendor release this connection for account ${parsed.accountId}.`,
    );
  return parsed;
}

function parsedArn(text: string, report: VerificationReport): ParsedRoleArn {
  try {
    return parseRoleArn(text);
  } catch (error) {
    if (!(error instanceof RolebridgeError)) throw error;
    return report.fail('role_arn', error.code, error.detail, error.remedy ?? '');
  }
}
