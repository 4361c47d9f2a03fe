import type { Clock } from '../service/domain/ports.js';

/** The time of day, which a test can advance: sleepers wake at their time. */
export function passingClock(): Clock & { pass(ms: number): void } {
  let passed = 0;
  const sleepers = new Set<{ readonly dueAt: number; wake(): void }>();
  const now = () => Date.now() + passed;
  return {
    now,
    sleep: (ms, signal) =>
      new Promise((resolve) => {
        const wake = () => {
          sleepers.delete(sleeper);
          clearTimeout(timer);
          signal?.removeEventListener('abort', wake);
          resolve();
        };
        const sleeper = { dueAt: now() + ms, wake };
        const timer = setTimeout(wake, ms);
        sleepers.add(sleeper);
        signal?.addEventListener('abort', wake);
        if (signal?.aborted) wake();
      }),
    pass(ms) {
      passed += ms;
      for (const sleeper of [...sleepers]) if (sleeper.dueAt <= now()) sleeper.wake();
    },
  };
}

export const minute = 60_000;
export const hour = 60 * minute;
export const day = 24 * hour;

/** Waits until the condition holds. The limit is far above what a busy machine needs. @throws after a minute */
export async function until(isSo: () => unknown, what = 'the condition', withinMs = 60_000): Promise<void> {
  const ends = Date.now() + withinMs;
  while (!(await isSo())) {
    if (Date.now() > ends) throw new Error(`${what} did not come about in ${withinMs / 1000} seconds`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
