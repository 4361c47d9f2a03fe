import { createHmac, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';

/** The most signatures of one message; a rotation needs two. */
const maxCandidates = 10;

/**
 * Checks a Standard Webhooks signature over the raw body, in constant time for each candidate.
 * https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
 *
 * @returns the `webhook-id`, or undefined when the message is not signed with one of the secrets, or is stale
 */
export function verifySignature(
  headers: IncomingHttpHeaders,
  rawBody: Buffer,
  secrets: readonly string[],
  nowMs: number,
  toleranceMs: number,
): string | undefined {
  const id = headers['webhook-id'];
  const timestamp = headers['webhook-timestamp'];
  const signature = headers['webhook-signature'];
  if (typeof id !== 'string' || !/^[\w.-]{1,128}$/.test(id)) return undefined;
  if (typeof timestamp !== 'string' || !/^\d{1,11}$/.test(timestamp)) return undefined;
  if (typeof signature !== 'string') return undefined;
  const candidates = signature.split(' ', maxCandidates + 1);
  if (candidates.length > maxCandidates) return undefined;

  const expected = secrets.map((secret) =>
    createHmac('sha256', Buffer.from(secret.slice('whsec_'.length), 'base64'))
      .update(`${id}.${timestamp}.`)
      .update(rawBody)
      .digest(),
  );
  let isSigned = false;
  for (const candidate of candidates) {
    // The exact length of a digest: Node's decoder ignores trailing characters.
    const bytes = /^v1,[A-Za-z0-9+/]{43}=$/.test(candidate)
      ? Buffer.from(candidate.slice(3), 'base64')
      : Buffer.alloc(0);
    for (const digest of expected)
      isSigned = (bytes.length === digest.length && timingSafeEqual(bytes, digest)) || isSigned;
  }
  const isFresh = Math.abs(Math.floor(nowMs / 1000) - Number(timestamp)) * 1000 <= toleranceMs;
  return isSigned && isFresh ? id : undefined;
}
