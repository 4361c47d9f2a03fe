import { type SignerCredentials, signCallerProof } from '../service/aws/sign-caller-proof.js';
import type { AwsSandbox } from './aws-sandbox/index.js';
import { callbackMessage } from './callback-message.js';

/** The parts of an enrollment that an account needs. */
export interface EnrollmentOfAccount {
  readonly id: string;
  readonly enrollmentUrl: string;
  readonly secret: string;
}

/** A session of a role of that account; the account is created if need be. By default of the role that the template creates. */
export function sessionOf(
  sandbox: AwsSandbox,
  accountId: string,
  roleName: string,
): SignerCredentials & { arn: string } {
  try {
    sandbox.createAccount({ accountId });
  } catch {
    // It exists already.
  }
  const arn = `arn:aws:iam::${accountId}:role/${roleName}`;
  const trustPolicy = {
    Version: '2012-10-17',
    Statement: [
      { Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' }, Action: 'sts:AssumeRole' },
    ],
  };
  try {
    sandbox.createRole(accountId, { roleName, trustPolicy });
  } catch {
    // As above.
  }
  return sandbox.createRoleSession(arn, { sessionName: 'function' });
}

/** The proof of an account, as the function of the StackSet template signs it. */
export function proofOf(
  sandbox: AwsSandbox,
  enrollment: EnrollmentOfAccount,
  accountId: string,
  options: { roleName?: string; now?: Date; stsHost?: string; enrollmentUrl?: string } = {},
) {
  return signCallerProof(sessionOf(sandbox, accountId, options.roleName ?? `enrollment-${enrollment.id}`), {
    enrollmentUrl: new URL(options.enrollmentUrl ?? enrollment.enrollmentUrl),
    stsHost: options.stsHost ?? 'sts.us-east-1.amazonaws.com',
    ...(options.now && { now: options.now }),
  });
}

/** The registration as it is sent. */
export function registrationMessage(
  enrollment: EnrollmentOfAccount,
  data: object,
  options: { secret?: string; timestamp?: number } = {},
) {
  const event = { type: 'account.enrolled', timestamp: new Date().toISOString(), data };
  return callbackMessage(options.secret ?? enrollment.secret, event, options);
}
