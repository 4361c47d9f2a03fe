import { createHmac, timingSafeEqual } from 'node:crypto';
import type { ConnectionId } from '../domain/ids.js';

/**
 * Reads the status of one connection, and nothing else. It is made of the connection's callback secret, which can't be
 * found from it: nothing is stored, and it ends with that secret.
 */
export const statusToken = (id: ConnectionId, callbackSecret: string): string =>
  `rbs_${createHmac('sha256', callbackSecret).update(`status of ${id}`).digest('base64url')}`;

/** In the same time whether or not it is one of them. */
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
