import { z } from 'zod';
import { type AuditRecord, auditActions } from '../domain/audit.js';

// Objects are loose: a member that this version does not know is kept, not dropped at the next write.
const name = z.string().min(1);
const time = z.string().refine((text) => !Number.isNaN(Date.parse(text)), 'not a time');

export { answeredRequestSchema as answeredRequest } from '../domain/answered-request.js';
export { apiKeySchema as apiKey } from '../domain/api-key.js';
export { connectionSchema as connection } from '../domain/connection.js';
export { organizationSchema as organization } from '../domain/organization.js';
export { projectSchema as project } from '../domain/project.js';
export { webhookEndpointSchema as webhookEndpoint } from '../domain/webhook-endpoint.js';

export const idempotencyRecord = z.looseObject({
  organizationId: name,
  connectionId: name,
  webhookId: name,
  firstAttemptAt: time,
  answer: z.looseObject({ status: z.int(), body: z.string() }).optional(),
});

export const runningCheck = z.looseObject({
  connectionId: name,
  organizationId: name,
  requestId: z.string(),
  roleArn: z.string(),
  startedAt: time,
  state: z.enum(['running', 'propagating', 'passed', 'failed']),
  code: name.optional(),
});

export const job = z.looseObject({
  connectionId: name,
  organizationId: name,
  purpose: z.enum(['verify', 'expire', 'confirm_revocation']),
  dueAt: time,
  attempts: z.int(),
  leaseExpiresAt: time.optional(),
  role: z.looseObject({ arn: name, externalId: name, partition: name }).optional(),
});

export const message = z.looseObject({
  id: name,
  endpoint: name,
  organizationId: name,
  connectionId: name.optional(),
  body: z.string(),
  createdAt: time,
  dueAt: time,
  attempts: z.int(),
  lastAttempt: z
    .looseObject({ at: time, status: z.int().optional(), reason: z.string().optional() })
    .optional(),
  finished: z.looseObject({ at: time, outcome: z.enum(['delivered', 'failed']) }).optional(),
  leaseExpiresAt: time.optional(),
});

export const token = z.looseObject({
  kind: z.enum([
    'web_session',
    'sign_in_link',
    'enrollment',
    'operator_token',
    'operator_link',
    'setup_code',
  ]),
  hash: name,
  organizationId: name,
  createdAt: time,
  expiresAt: time,
  data: z.record(z.string(), z.unknown()),
});

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
