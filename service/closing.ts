import { RolebridgeError } from './domain/errors.js';
import type { Clock } from './domain/ports.js';

/**
 * A clock whose waits end when the service does: who waits for a role to propagate, or for somebody else's answer, is
 * told to come back, instead of being cut off at the last moment.
 */
export function interruptible(clock: Clock): { clock: Clock; interrupt(): void } {
  const closing = new AbortController();
  const comeBack = () =>
    new RolebridgeError('verification_in_progress', 'The service is about to restart.', {
      remedy: 'Nothing was decided. Send the same request again after the time in Retry-After.',
      retryAfterSeconds: 5,
    });
  return {
    interrupt: () => closing.abort(),
    clock: {
      now: () => clock.now(),
      async sleep(ms, signal) {
        // Whoever has a signal of its own is told by that.
        if (signal !== undefined) return clock.sleep(ms, signal);
        if (closing.signal.aborted) throw comeBack();
        await new Promise<void>((resolve, reject) => {
          const interrupted = () => reject(comeBack());
          closing.signal.addEventListener('abort', interrupted, { once: true });
          clock.sleep(ms).then(() => {
            closing.signal.removeEventListener('abort', interrupted);
            resolve();
          }, reject);
        });
      },
    },
  };
}
