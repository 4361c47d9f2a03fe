import { RolebridgeError } from './domain/errors.js';
import { type Clock, monotonicMs } from './domain/ports.js';

/**
 * A clock whose waits end when the service stops: a request that waits for IAM's propagation or for another request gets a
 * 503 with Retry-After in time.
 */
export function interruptible(clock: Clock): { clock: Clock; interrupt(): void } {
  // However many wait: a signal would take so many listeners for a leak.
  const waiting = new Set<() => void>();
  let isClosing = false;
  const comeBack = () =>
    new RolebridgeError('verification_in_progress', 'The service is about to restart.', {
      remedy: 'Nothing was decided. Send the same request again after the time in Retry-After.',
      retryAfterSeconds: 5,
    });
  return {
    interrupt() {
      isClosing = true;
      for (const leave of waiting) leave();
    },
    clock: {
      now: () => clock.now(),
      monotonic: () => monotonicMs(clock),
      async sleep(ms, signal) {
        // A caller with a signal handles the shutdown itself.
        if (signal !== undefined) return clock.sleep(ms, signal);
        if (isClosing) throw comeBack();
        await new Promise<void>((resolve, reject) => {
          const leave = () => reject(comeBack());
          waiting.add(leave);
          clock
            .sleep(ms)
            .finally(() => waiting.delete(leave))
            .then(resolve, reject);
        });
      },
    },
  };
}
