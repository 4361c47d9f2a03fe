import { createHmac, timingSafeEqual } from 'node:crypto';
import type { ConnectionId } from '../domain/ids.js';

/**
 * A token that reads the status of one connection only. It derives from the callback secret, which it does not reveal, so
 * that nothing is stored and it ends with that secret.
 */
export const statusToken = (id: ConnectionId, callbackSecret: string): string =>
  `rbs_${createHmac('sha256', callbackSecret).update(`status of ${id}`).digest('base64url')}`;

/** Takes the same time whether or not the token matches. */
export function matchesStatusToken(
  text: string,
  id: ConnectionId,
  callbackSecrets: readonly string[],
): boolean {
  let matches = false;
  for (const secret of callbackSecrets) {
    const digestOf = (each: string) => createHmac('sha256', secret).update(each).digest();
    matches = timingSafeEqual(digestOf(text), digestOf(statusToken(id, secret))) || matches;
  }
  return matches;
}
