import { z } from 'zod';
import type { ApiKey, Connection, Organization } from '../../domain/connection.js';
import { errorCodes } from '../../domain/errors.js';
import type { CallbackReceipt, OutboxMessage, Token, Watch } from '../../domain/ports.js';
import { checkNames } from '../../domain/verification.js';

export const schemaVersion = 1;

/** What one organization's file holds. */
export interface OrganizationData {
  readonly schemaVersion: typeof schemaVersion;
  readonly organization: Organization;
  readonly apiKeys: readonly ApiKey[];
  readonly connections: readonly Connection[];
  readonly receipts: readonly CallbackReceipt[];
  readonly watches: readonly Watch[];
  readonly messages: readonly OutboxMessage[];
  readonly tokens: readonly Token[];
}

// Objects are loose: a member that this version does not know is kept, not dropped at the next write.
const name = z.string().min(1);
const time = z.string().refine((text) => !Number.isNaN(Date.parse(text)), 'not a time');

const organization = z.looseObject({ id: name, name: z.string(), createdAt: time });

const apiKey = z.looseObject({
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
    z.looseObject({ probe: name, at: time, outcome: z.enum(['allowed', 'denied', 'undecided']) }),
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
  sealedCallbackSecret: z.string(),
  previousCallbackSecret: z.looseObject({ sealed: z.string(), validUntil: time }).optional(),
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
  roleMove: z
    .looseObject({ ...roleTrust, roleArn: name.optional(), verification: verification.optional() })
    .optional(),
});
const accessKey = z.looseObject({
  lastFour: z.string().length(4),
  principalArn: name,
  sessionExpiresAt: time.optional(),
  sealed: z.strictObject({
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

const connection = z.discriminatedUnion('method', [roleConnection, accessKeyConnection]);

const receipt = z.looseObject({
  connectionId: name,
  webhookId: name,
  firstAttemptAt: time,
  claimedUntil: time,
  answer: z.looseObject({ status: z.int(), body: z.unknown() }).optional(),
});

const watch = z.looseObject({
  connectionId: name,
  organizationId: name,
  purpose: z.enum(['verify', 'expire', 'prove_end']),
  dueAt: time,
  attempts: z.int(),
  role: z.looseObject({ arn: name, externalId: name, partition: name }).optional(),
});

const message = z.looseObject({
  id: name,
  endpoint: name,
  organizationId: name,
  connectionId: name,
  body: z.string(),
  createdAt: time,
  dueAt: time,
  attempts: z.int(),
});

const token = z.looseObject({
  kind: z.enum(['web_session', 'sign_in_link', 'enrolment']),
  hash: name,
  organizationId: name,
  createdAt: time,
  expiresAt: time,
  data: z.record(z.string(), z.unknown()),
});

const organizationData = z.strictObject({
  schemaVersion: z.literal(schemaVersion),
  organization,
  apiKeys: z.array(apiKey),
  connections: z.array(connection),
  receipts: z.array(receipt),
  watches: z.array(watch).default([]),
  messages: z.array(message).default([]),
  tokens: z.array(token).default([]),
});

const kinds = { organization, apiKey, connection, receipt, watch, message, token };

/** JSON text of records, made once for each: records never change, a change makes a new one. */
const texts = new WeakMap<object, string>();

/** The store's own copy of a record, checked so that what is written can be read again. */
export function ownCopy<Kept extends object>(kind: keyof typeof kinds, record: Kept): Kept {
  const text = JSON.stringify(record);
  const copy = JSON.parse(text) as Kept;
  const checked = kinds[kind].safeParse(copy);
  if (!checked.success) throw new TypeError(`Not a valid ${kind}: ${z.prettifyError(checked.error)}`);
  texts.set(copy, text);
  return copy;
}

/** The file in pieces, one record a line; records that did not change are not turned into JSON again. */
export function* writeFormat(data: OrganizationData): Generator<string> {
  yield `{"schemaVersion":${data.schemaVersion},\n"organization":${textOf(data.organization)}`;
  for (const member of ['apiKeys', 'connections', 'receipts', 'watches', 'messages', 'tokens'] as const) {
    yield `,\n"${member}":[`;
    let separator = '\n';
    for (const record of data[member]) {
      yield separator + textOf(record);
      separator = ',\n';
    }
    yield ']';
  }
  yield '}\n';
}

/** @throws Error whose message says what is wrong, for a person */
export function readFormat(text: string): OrganizationData {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw new Error(text === '' ? 'it is empty' : 'it is damaged or cut off: it is not valid JSON');
  }
  const version = z.looseObject({ schemaVersion: z.unknown() }).safeParse(json).data?.schemaVersion;
  if (version !== undefined && version !== schemaVersion)
    throw new Error(
      `its schemaVersion is ${JSON.stringify(version)}, and this version of Rolebridge reads ${schemaVersion}`,
    );
  const checked = organizationData.safeParse(json);
  if (checked.success) return checked.data as unknown as OrganizationData;
  const [issue] = checked.error.issues;
  throw new Error(`it is damaged at ${issue?.path.join('.') || 'its top'}: ${issue?.message ?? 'not valid'}`);
}

function textOf(record: object): string {
  let text = texts.get(record);
  if (text === undefined) {
    text = JSON.stringify(record);
    texts.set(record, text);
  }
  return text;
}
