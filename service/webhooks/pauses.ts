import type { Clock } from '../domain/ports.js';
import type { DeliveryResult } from './deliver-message.js';

/** The pause of an unreachable endpoint, doubled with each failure. */
const unreachableMs = { least: 5_000, most: 60_000 };
/** The pause of an endpoint that answers 410 (gone). It is still configured, so that it is tried again afterwards. */
export const goneMs = 3_600_000;

interface Pause {
  untilMs: number;
  readonly waitMs: number;
  readonly isGone: boolean;
  /** A message is testing whether the endpoint is back. */
  isTried?: boolean;
}

/** The paused endpoints of this process, by URL. */
export function createPauses(clock: Clock) {
  const pauses = new Map<string, Pause>();
  return {
    /** The current pause of an endpoint. */
    of(url: string): Pause | undefined {
      const pause = pauses.get(url);
      return pause && pause.untilMs > clock.now() ? pause : undefined;
    },
    /** One message tests whether a paused endpoint is back; others wait for its result. */
    holdOthers(url: string): void {
      const pause = pauses.get(url);
      if (!pause) return;
      pause.untilMs = clock.now() + unreachableMs.most;
      pause.isTried = true;
    },
    /** Restores the pause of an endpoint that answered 410 before a restart. */
    recallGone(url: string, atMs: number): void {
      if (!pauses.has(url)) pauses.set(url, { untilMs: atMs + goneMs, waitMs: 0, isGone: true });
    },
    learn(url: string, result: DeliveryResult): void {
      const now = clock.now();
      if (result.outcome === 'gone') pauses.set(url, { untilMs: now + goneMs, waitMs: 0, isGone: true });
      else if (result.outcome !== 'failed' || !result.isUnreachable) pauses.delete(url);
      else {
        const last = pauses.get(url);
        // Concurrent failures count once.
        if (last && !last.isTried && last.untilMs > now) return;
        const before = last?.waitMs || unreachableMs.least / 2;
        const waitMs = Math.min(before * 2, unreachableMs.most);
        pauses.set(url, { untilMs: now + waitMs, waitMs, isGone: false });
      }
    },
    clear: (): void => pauses.clear(),
  };
}
