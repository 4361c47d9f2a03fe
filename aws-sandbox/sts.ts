import { assumeRole, credentialsXml } from './assume-role.js';
import { AwsError } from './aws-error.js';
import type { Action } from './call.js';

/** The actions of STS. */
export const stsActions: Record<string, Action> = {
  AssumeRole: assumeRole,

  GetCallerIdentity: ({ caller }) => ({
    UserId: caller.userId,
    Account: caller.account.accountId,
    Arn: caller.arn,
  }),

  GetSessionToken(call) {
    const { caller } = call;
    if (caller.session)
      throw new AwsError('AccessDenied', 'Cannot call GetSessionToken with session credentials');
    const durationSeconds = call.params.integer('DurationSeconds', 900, 129_600) ?? 43_200;
    const credentials = call.accounts.issueSession(caller, {
      kind: 'user',
      issuedAt: call.now,
      durationSeconds,
    });
    return { Credentials: credentialsXml(credentials) };
  },

  GetAccessKeyInfo(call) {
    const id = call.params.required('AccessKeyId', { min: 16, max: 128, pattern: /^[\w]*$/ });
    const account = call.accounts.accountOfKey(id);
    if (!account) throw new AwsError('ValidationError', `Access key ${id} is not valid`);
    return { Account: account.accountId };
  },
};
