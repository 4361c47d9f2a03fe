import { randomBytes } from 'node:crypto';
import { z } from 'zod';

/** A string that only its schema creates, so that ids of two kinds can't be mixed up. */
export type Branded<Name extends string> = string & z.core.$brand<Name>;

const id = <Name extends string>(prefix: string, length: number) =>
  z
    .string()
    .regex(new RegExp(`^${prefix}_[a-z2-7]{${length}}$`), `must be an id: ${prefix}_…`)
    .brand<Name>();

export const organizationId = id<'OrganizationId'>('org', 24);
export const connectionId = id<'ConnectionId'>('con', 24);
export const enrollmentId = id<'EnrollmentId'>('enr', 24);
export const apiKeyId = id<'ApiKeyId'>('key', 16);
export const webhookEndpointId = id<'WebhookEndpointId'>('whe', 24);
export const auditId = id<'AuditId'>('aud', 24);
export type OrganizationId = z.infer<typeof organizationId>;
export type ConnectionId = z.infer<typeof connectionId>;
export type EnrollmentId = z.infer<typeof enrollmentId>;
export type ApiKeyId = z.infer<typeof apiKeyId>;
export type WebhookEndpointId = z.infer<typeof webhookEndpointId>;
export type AuditId = z.infer<typeof auditId>;

/** https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html */
export const externalId = z
  .string()
  .regex(/^[\w+=,.@:/-]{2,1224}$/)
  .brand<'ExternalId'>();
export type ExternalId = z.infer<typeof externalId>;

export const accountId = z
  .string()
  .regex(/^(?!0{12})[0-9]{12}$/, 'must be 12 digits')
  .meta({ description: 'An AWS account: 12 digits.' })
  .brand<'AccountId'>();
export type AccountId = z.infer<typeof accountId>;

export const newOrganizationId = () => organizationId.parse(`org_${randomName(24)}`);
export const newConnectionId = () => connectionId.parse(`con_${randomName(24)}`);
export const newWebhookEndpointId = () => webhookEndpointId.parse(`whe_${randomName(24)}`);
/** The `webhook-id`: one for each event, the same for all endpoints. */
export const newMessageId = () => `msg_${randomName(24)}`;
export const newEnrollmentId = () => enrollmentId.parse(`enr_${randomName(24)}`);
export const newApiKeyId = () => apiKeyId.parse(`key_${randomName(16)}`);
export const newOperatorTokenId = () => `opt_${randomName(16)}`;
export const newSignInLinkId = () => `lnk_${randomName(16)}`;
/**
 * An id that sorts by time: 10 digits of time, 4 of a counter, and 10 random letters of this process. They are drawn
 * once, since drawing them for each id took a tenth of a request for credentials.
 */
export const newAuditId = (nowMs: number): AuditId => {
  lastAuditTime = Math.max(lastAuditTime, nowMs);
  auditCount = (auditCount + 1) % 32 ** 4;
  if (auditCount === 0) lastAuditTime += 1;
  ownAuditLetters ??= randomName(10);
  return auditId.parse(`aud_${inBase32(lastAuditTime, 10)}${inBase32(auditCount, 4)}${ownAuditLetters}`);
};
/** An id below all ids of that time and above all earlier ones: the place to cut the log. */
export const firstAuditIdAt = (ms: number): AuditId =>
  auditId.parse(`aud_${inBase32(ms, 10)}${'2'.repeat(14)}`);
/** The time of the record, by the clock of its process. */
export function timeOfAuditId(id: string): number {
  let ms = 0;
  for (const digit of id.slice('aud_'.length, 'aud_'.length + 10)) ms = ms * 32 + digits.indexOf(digit);
  return ms;
}
let lastAuditTime = 0;
let auditCount = -1;
let ownAuditLetters: string | undefined;

/** An external ID with 240 random bits: it can't be guessed, and never repeats. */
export const newExternalId = (prefix = 'rb-') => externalId.parse(`${prefix}${randomName(48)}`);

export const isOrganizationId = (text: string): text is OrganizationId =>
  organizationId.safeParse(text).success;
export const isConnectionId = (text: string): text is ConnectionId => connectionId.safeParse(text).success;
export const isEnrollmentId = (text: string): text is EnrollmentId => enrollmentId.safeParse(text).success;
export const isAuditId = (text: string): text is AuditId => auditId.safeParse(text).success;
export const isApiKeyId = (text: string): text is ApiKeyId => apiKeyId.safeParse(text).success;
export const isAccountId = (text: string): text is AccountId => accountId.safeParse(text).success;

/** Digits before letters, so that the order of the texts is that of the numbers. */
const digits = '234567abcdefghijklmnopqrstuvwxyz';

function inBase32(value: number, length: number): string {
  let left = value;
  let text = '';
  for (let place = 0; place < length; place++) {
    text = digits[left % 32] + text;
    left = Math.floor(left / 32);
  }
  return text;
}

/** RFC 4648 base32, lower case: safe in URLs, file names, ARNs and when read aloud. A letter has five random bits. */
function randomName(letters: number): string {
  const alphabet = 'abcdefghijklmnopqrstuvwxyz234567';
  let name = '';
  for (const byte of randomBytes(letters)) name += alphabet[byte & 31];
  return name;
}
