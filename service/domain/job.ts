import { z } from 'zod';
import { connectionId, externalId, organizationId } from './ids.js';
import { partition, roleArn } from './role-arn.js';
import { errorCode, isoTime } from './verification.js';

/** A task about a connection when it is due, for whichever process gets to it first. */
export const jobSchema = z.strictObject({
  connectionId,
  organizationId,
  /** Verify it again; expire it if it was never used; prove that AWS denies the role that was given up. */
  purpose: z.enum(['verify', 'expire', 'confirm_revocation']),
  dueAt: isoTime,
  /** Progress: failures in a row, or attempts. */
  attempts: z.int(),
  /** The role that was given up. */
  role: z.strictObject({ arn: roleArn, externalId, partition }).readonly().optional(),
});
export type Job = Readonly<z.infer<typeof jobSchema>>;

/** The latest check of a role that was started on the page, so that any process can show how far it is. */
export const runningCheckSchema = z.strictObject({
  connectionId,
  organizationId,
  /** Of the request that started it. */
  requestId: z.string(),
  roleArn: z.string(),
  startedAt: isoTime,
  state: z.enum(['running', 'propagating', 'passed', 'failed']),
  /** Why it failed. */
  code: errorCode.optional(),
});
export type RunningCheck = Readonly<z.infer<typeof runningCheckSchema>>;
