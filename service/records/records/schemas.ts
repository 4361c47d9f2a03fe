import { z } from 'zod';
import { auditActions } from '../../domain/audit.js';
import { errorCodes } from '../../domain/error-catalog/index.js';
import { checkNames } from '../../domain/verification.js';

// Objects are loose: a member that this version does not know is kept, not dropped at the next write.
const name = z.string().min(1);
const time = z.string().refine((text) => !Number.isNaN(Date.parse(text)), 'not a time');

export const organization = z.looseObject({ id: name, name: z.string(), createdAt: time });

export const apiKey = z.looseObject({
  id: name,
  organizationId: name,
  name: z.string(),
  hash: name,
  createdAt: time,
  revokedAt: time.optional(),
});

const verification = z.looseObject({
  startedAt: time,
  finishedAt: time,
  checks: z.array(
    z.looseObject({
      name: z.enum(checkNames),
      outcome: z.enum(['passed', 'failed']),
      code: z.enum(errorCodes).optional(),
      message: z.string(),
      at: time,
    }),
  ),
  probes: z.array(
    z.looseObject({ probe: name, at: time, outcome: z.enum(['allowed', 'denied', 'inconclusive']) }),
  ),
  result: z.enum(['passed', 'failed']),
});

const connectionBase = z.looseObject({
  id: name,
  organizationId: name,
  name: z.string(),
  expectedAccountId: name.optional(),
  partition: name,
  scopes: z.array(
    z.strictObject({ project: name.optional(), environment: name.optional(), architecture: name.optional() }),
  ),
  version: z.int(),
  createdAt: time,
  updatedAt: time,
});

const roleTrust = {
  externalId: name,
  pendingExternalId: name.optional(),
  encryptedCallbackSecret: z.string(),
  previousCallbackSecret: z.looseObject({ encrypted: z.string(), validUntil: time }).optional(),
};
/** A record that should have lost its key and has not is refused, not written. */
const noAccessKey = z.undefined().optional();
const withRole = connectionBase.extend({
  method: z.literal('assume_role'),
  accessKey: noAccessKey,
  ...roleTrust,
});

const roleConnection = z.discriminatedUnion('status', [
  withRole.extend({ status: z.literal('pending') }),
  withRole.extend({ status: z.literal('connected'), roleArn: name, accountId: name, verification }),
  withRole.extend({ status: z.literal('failed'), roleArn: name, verification, wasConnected: z.boolean() }),
  withRole.extend({
    status: z.literal('disconnected'),
    reason: z.enum(['deprovisioned', 'deleted']),
    disconnectedAt: time,
  }),
]);

const withAccessKey = connectionBase.extend({
  method: z.literal('access_key'),
  migration: z
    .looseObject({ ...roleTrust, roleArn: name.optional(), verification: verification.optional() })
    .optional(),
});
const accessKey = z.looseObject({
  lastFour: z.string().length(4),
  principalArn: name,
  sessionExpiresAt: time.optional(),
  encrypted: z.strictObject({
    keyId: name,
    wrappedDataKey: name,
    accessKeyId: name,
    secretAccessKey: name,
    sessionToken: name.optional(),
  }),
});

const accessKeyConnection = z.discriminatedUnion('status', [
  withAccessKey.extend({
    status: z.literal(['connected', 'failed']),
    accountId: name,
    accessKey,
    verification,
  }),
  withAccessKey.extend({
    status: z.literal('disconnected'),
    reason: z.literal('deleted'),
    disconnectedAt: time,
    accessKey: noAccessKey,
  }),
]);

export const connection = z.discriminatedUnion('method', [roleConnection, accessKeyConnection]);

export const receipt = z.looseObject({
  connectionId: name,
  webhookId: name,
  firstAttemptAt: time,
  leaseExpiresAt: time,
  answer: z.looseObject({ status: z.int(), body: z.unknown() }).optional(),
});

export const watch = z.looseObject({
  connectionId: name,
  organizationId: name,
  purpose: z.enum(['verify', 'expire', 'confirm_revocation']),
  dueAt: time,
  attempts: z.int(),
  role: z.looseObject({ arn: name, externalId: name, partition: name }).optional(),
});

export const message = z.looseObject({
  id: name,
  endpoint: name,
  organizationId: name,
  connectionId: name,
  body: z.string(),
  createdAt: time,
  dueAt: time,
  attempts: z.int(),
});

export const token = z.looseObject({
  kind: z.enum(['web_session', 'sign_in_link', 'enrollment']),
  hash: name,
  organizationId: name,
  createdAt: time,
  expiresAt: time,
  data: z.record(z.string(), z.unknown()),
});

/** One that its connection had before, or was to have: it is never issued again. */
export const retiredExternalId = z.looseObject({ externalId: name, connectionId: name });

export const auditRecord = z.looseObject({
  id: name,
  organizationId: name,
  connectionId: name.optional(),
  at: time,
  requestId: z.string(),
  actor: z.looseObject({ kind: name }),
  action: z.enum(auditActions),
  phase: z.enum(['intent', 'outcome']),
});
