import { randomBytes } from 'node:crypto';

declare const brand: unique symbol;
export type Branded<Name extends string> = string & { readonly [brand]: Name };

export type OrganizationId = Branded<'OrganizationId'>;
export type ConnectionId = Branded<'ConnectionId'>;
export type ApiKeyId = Branded<'ApiKeyId'>;
export type ExternalId = Branded<'ExternalId'>;
export type AccountId = Branded<'AccountId'>;
export type AuditId = Branded<'AuditId'>;
export type EnrollmentId = Branded<'EnrollmentId'>;

export const newOrganizationId = () => `org_${randomName(15)}` as OrganizationId;
export const newConnectionId = () => `con_${randomName(15)}` as ConnectionId;
/** A webhook's: one for each event. */
export const newMessageId = () => `msg_${randomName(15)}`;
export const newEnrollmentId = () => `enr_${randomName(15)}` as EnrollmentId;
export const newApiKeyId = () => `key_${randomName(10)}` as ApiKeyId;
/** In the order of their making: the time, a count within this process, and 50 random bits against other processes. */
export const newAuditId = (nowMs: number): AuditId => {
  lastAuditTime = Math.max(lastAuditTime, nowMs);
  auditCount = (auditCount + 1) % 32 ** 4;
  if (auditCount === 0) lastAuditTime += 1;
  return `aud_${inBase32(lastAuditTime, 10)}${inBase32(auditCount, 4)}${randomName(10).slice(0, 10)}` as AuditId;
};
/** Lower than the ids of that time, higher than those of earlier ones: where the log is cut. */
export const firstAuditIdAt = (ms: number): AuditId => `aud_${inBase32(ms, 10)}` as AuditId;
let lastAuditTime = 0;
let auditCount = -1;

/** 240 random bits: an external ID is never guessed and never made twice. */
export const newExternalId = () => `rb-${randomName(30)}` as ExternalId;

export const isOrganizationId = (text: string): text is OrganizationId => /^org_[a-z2-7]{24}$/.test(text);
export const isConnectionId = (text: string): text is ConnectionId => /^con_[a-z2-7]{24}$/.test(text);
export const isEnrollmentId = (text: string): text is EnrollmentId => /^enr_[a-z2-7]{24}$/.test(text);
export const isAuditId = (text: string): text is AuditId => /^aud_[2-7a-z]{24}$/.test(text);
export const isApiKeyId = (text: string): text is ApiKeyId => /^key_[a-z2-7]{16}$/.test(text);

/** Digits before letters, so that the order of the texts is that of the numbers. */
function inBase32(value: number, length: number): string {
  const alphabet = '234567abcdefghijklmnopqrstuvwxyz';
  let left = value;
  let text = '';
  for (let place = 0; place < length; place++) {
    text = alphabet[left % 32] + text;
    left = Math.floor(left / 32);
  }
  return text;
}

/** RFC 4648 base32, lower case: safe in URLs, file names, ARNs and when read aloud. Multiples of five bytes need no padding. */
function randomName(bytes: number): string {
  const alphabet = 'abcdefghijklmnopqrstuvwxyz234567';
  let bits = 0n;
  for (const byte of randomBytes(bytes)) bits = (bits << 8n) | BigInt(byte);
  let name = '';
  for (let left = (bytes * 8) / 5; left > 0; left--) {
    name = alphabet[Number(bits & 31n)] + name;
    bits >>= 5n;
  }
  return name;
}
