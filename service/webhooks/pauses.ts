import type { Clock } from '../domain/ports.js';
import type { DeliveryResult } from './deliver-message.js';

/** An endpoint that can't be reached holds up no others: it is left alone for this long, more each time. */
const unreachableMs = { least: 5_000, most: 60_000 };
/** One that answers 410 wants no more: Standard Webhooks has the sender turn it off. It is still configured, so it is asked again. */
export const goneMs = 3_600_000;

interface Pause {
  untilMs: number;
  readonly waitMs: number;
  readonly isGone: boolean;
  /** A message tries whether it is back. */
  isTried?: boolean;
}

/** Endpoints that are left alone for a while, by their URL: another URL is another endpoint. In this process. */
export function createPauses(clock: Clock) {
  const pauses = new Map<string, Pause>();
  return {
    /** The pause that has not ended. */
    of(url: string): Pause | undefined {
      const pause = pauses.get(url);
      return pause && pause.untilMs > clock.now() ? pause : undefined;
    },
    /** One message tries whether a paused endpoint is back; the others wait for its result. */
    holdOthers(url: string): void {
      const pause = pauses.get(url);
      if (!pause) return;
      pause.untilMs = clock.now() + unreachableMs.most;
      pause.isTried = true;
    },
    /** It answered 410 at that time, as the store says. */
    recallGone(url: string, atMs: number): void {
      if (!pauses.has(url)) pauses.set(url, { untilMs: atMs + goneMs, waitMs: 0, isGone: true });
    },
    learn(url: string, result: DeliveryResult): void {
      const now = clock.now();
      if (result.outcome === 'gone') pauses.set(url, { untilMs: now + goneMs, waitMs: 0, isGone: true });
      else if (result.outcome !== 'failed' || !result.isUnreachable) pauses.delete(url);
      else {
        const last = pauses.get(url);
        // Messages that were under way together are one failure, not sixteen.
        if (last && !last.isTried && last.untilMs > now) return;
        const before = last?.waitMs || unreachableMs.least / 2;
        const waitMs = Math.min(before * 2, unreachableMs.most);
        pauses.set(url, { untilMs: now + waitMs, waitMs, isGone: false });
      }
    },
    clear: (): void => pauses.clear(),
  };
}
