import { z } from 'zod';
import { type AuditRecord, auditActions } from '../domain/audit.js';
import { jobSchema } from '../domain/job.js';
import { outboxMessageSchema } from '../domain/outbox-message.js';
import { isoTime } from '../domain/verification.js';

// Objects are loose: a member that this version does not know is kept, not dropped at the next write.
const name = z.string().min(1);
const time = z.string().refine((text) => !Number.isNaN(Date.parse(text)), 'not a time');

export { answeredRequestSchema as answeredRequest } from '../domain/answered-request.js';
export { apiKeySchema as apiKey } from '../domain/api-key.js';
export { connectionSchema as connection } from '../domain/connection.js';
export { runningCheckSchema as runningCheck } from '../domain/job.js';
export { organizationSchema as organization } from '../domain/organization.js';
export { projectSchema as project } from '../domain/project.js';
export { tokenSchema as token } from '../domain/token.js';
export { webhookEndpointSchema as webhookEndpoint } from '../domain/webhook-endpoint.js';

export const idempotencyRecord = z.looseObject({
  organizationId: name,
  connectionId: name,
  webhookId: name,
  firstAttemptAt: time,
  answer: z.looseObject({ status: z.int(), body: z.string() }).optional(),
});

const leased = { leaseExpiresAt: isoTime.optional() };
export const job = jobSchema.extend(leased);
export const message = outboxMessageSchema.extend(leased);

/** One that its connection had before, or was to have: it is never issued again. */
export const retiredExternalId = z.looseObject({
  organizationId: name,
  externalId: name,
  connectionId: name,
});

/** Enough to read a record: its content was validated when written, and is chained. */
const auditMembers = z.looseObject({
  id: name,
  organizationId: name,
  connectionId: name.optional(),
  at: time,
  requestId: z.string(),
  actor: z.looseObject({ kind: name }),
  action: z.enum(auditActions),
  phase: z.enum(['intent', 'outcome']),
});
export const auditRecord = z.custom<AuditRecord>(
  (value) => auditMembers.safeParse(value).success,
  'not an audit record',
);
