import { type Clock, monotonicMs } from '../domain/ports.js';

/** The wall clock may differ from the monotonic one by this much: leap seconds and slow corrections are no jumps. */
const toleratedMs = 60_000;
/** After a jump, the wall clock is trusted again when it has kept its pace for this long. */
const settlingMs = 3_600_000;

export type ClockJumps = ReturnType<typeof detectClockJumps>;

/** Compares the wall clock with the monotonic one, which no correction moves. */
export function detectClockJumps(clock: Clock) {
  const offset = () => clock.now() - monotonicMs(clock);
  let known = offset();
  let jumpedAt: number | undefined;
  return {
    /** The jump of the wall clock since the last call, in milliseconds; 0 when it kept its pace. */
    jump(): number {
      const by = offset() - known;
      if (Math.abs(by) <= toleratedMs) return 0;
      known += by;
      jumpedAt = monotonicMs(clock);
      return by;
    },
    /** Whether the clock is steady enough for irreversible jobs. */
    isSettled: (): boolean => jumpedAt === undefined || monotonicMs(clock) - jumpedAt > settlingMs,
  };
}
