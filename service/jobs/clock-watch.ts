import type { Clock } from '../domain/ports.js';

/** The wall clock may differ from the monotonic one by this much: leap seconds and slow corrections are no jumps. */
const toleratedMs = 60_000;
/** After a jump, the wall clock is believed again when it has kept its pace for this long. */
const settlingMs = 3_600_000;

export type ClockWatch = ReturnType<typeof watchClock>;

/** Compares the wall clock with the monotonic one, which no correction moves. */
export function watchClock(clock: Clock) {
  const monotonic = () => clock.monotonic?.() ?? clock.now();
  const offset = () => clock.now() - monotonic();
  let known = offset();
  let jumpedAt: number | undefined;
  return {
    /** By how many milliseconds the wall clock has jumped since the last look; 0 when it kept its pace. */
    jump(): number {
      const by = offset() - known;
      if (Math.abs(by) <= toleratedMs) return 0;
      known += by;
      jumpedAt = monotonic();
      return by;
    },
    /** Nothing that can't be undone is done by a clock that has jumped lately. */
    isSettled: (): boolean => jumpedAt === undefined || monotonic() - jumpedAt > settlingMs,
  };
}
