import { RolebridgeError } from '../domain/errors.js';
import type { FailedVerification, PassedVerification } from '../domain/verification.js';

/** A negative verdict on a role or an access key, unlike a fault that prevents a verdict. */
export class VerificationFailed extends RolebridgeError {}

export function verificationFailed(verification: FailedVerification): VerificationFailed {
  const { code, message, remedy, checks, diagnosis, permissions } = verification;
  return new VerificationFailed(code, message, {
    remedy,
    members: {
      checks,
      ...(code === 'permissions_missing' &&
        permissions && { missing: permissions.missing, notDenied: permissions.notDenied }),
      ...(diagnosis && { diagnosis: { causes: diagnosis.causes }, trustPolicy: diagnosis.trustPolicy }),
    },
  });
}

/** Adds the last check: a role belongs to one connection. */
export const notConnectedElsewhere = (verification: PassedVerification, at: string): PassedVerification => ({
  ...verification,
  checks: [
    ...verification.checks,
    { name: 'not_already_connected', outcome: 'passed', message: 'No other connection has this role.', at },
  ],
});

/** The report does not name the other connection, which can belong to another organization. */
export function connectedElsewhere(
  { startedAt, probes, checks, permissions }: PassedVerification,
  at: string,
): FailedVerification {
  const verdict = {
    code: 'role_already_connected',
    message: 'This role is already connected by another connection.',
    remedy: 'Create a separate role for this connection, with its external ID, and connect that.',
  } as const;
  return {
    startedAt,
    finishedAt: at,
    probes,
    ...(permissions && { permissions }),
    checks: [...checks, { name: 'not_already_connected', outcome: 'failed', ...verdict, at }],
    result: 'failed',
    ...verdict,
  };
}
