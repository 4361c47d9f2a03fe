import { z } from 'zod';
import { connectionId, externalId, organizationId } from './ids.js';
import { partition, roleArn } from './role-arn.js';
import { errorCode, isoTime } from './verification.js';

/** Scheduled work on a connection; one process leases it when it is due. */
export const jobSchema = z.strictObject({
  connectionId,
  organizationId,
  /** Re-verify the connection; expire it if it was never used; confirm that AWS denies a role that it no longer has. */
  purpose: z.enum(['verify', 'expire', 'confirm_revocation']),
  dueAt: isoTime,
  /** Failures in a row of a verification; attempts to confirm a revocation. */
  attempts: z.int(),
  /** The role that the connection no longer has. */
  role: z.strictObject({ arn: roleArn, externalId, partition }).readonly().optional(),
});
export type Job = Readonly<z.infer<typeof jobSchema>>;

/** A connection has one job of each purpose and role. */
export const jobKey = ({
  connectionId,
  purpose,
  role,
}: Pick<Job, 'connectionId' | 'purpose' | 'role'>): string =>
  [connectionId, purpose, ...(role ? [role.arn] : [])].join(' ');

/** The latest check of a role that was started on the page, so that every process can show its progress. */
export const runningCheckSchema = z.strictObject({
  connectionId,
  organizationId,
  /** The id of the request that started the check. */
  requestId: z.string(),
  roleArn: z.string(),
  startedAt: isoTime,
  state: z.enum(['running', 'propagating', 'passed', 'failed']),
  /** The code of a failed check. */
  code: errorCode.optional(),
});
export type RunningCheck = Readonly<z.infer<typeof runningCheckSchema>>;
