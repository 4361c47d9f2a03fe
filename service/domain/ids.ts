import { randomBytes } from 'node:crypto';

declare const brand: unique symbol;
export type Branded<Name extends string> = string & { readonly [brand]: Name };

export type OrganizationId = Branded<'OrganizationId'>;
export type ConnectionId = Branded<'ConnectionId'>;
export type ApiKeyId = Branded<'ApiKeyId'>;
export type ExternalId = Branded<'ExternalId'>;
export type AccountId = Branded<'AccountId'>;

export const newOrganizationId = () => `org_${randomName(15)}` as OrganizationId;
export const newConnectionId = () => `con_${randomName(15)}` as ConnectionId;
export const newApiKeyId = () => `key_${randomName(10)}` as ApiKeyId;
/** 240 random bits: an external ID is never guessed and never made twice. */
export const newExternalId = () => `rb-${randomName(30)}` as ExternalId;

export const isOrganizationId = (text: string): text is OrganizationId => /^org_[a-z2-7]{24}$/.test(text);
export const isConnectionId = (text: string): text is ConnectionId => /^con_[a-z2-7]{24}$/.test(text);
export const isApiKeyId = (text: string): text is ApiKeyId => /^key_[a-z2-7]{16}$/.test(text);

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
