import { type Clock, monotonicMs, type SharedSts } from '../domain/ports.js';
import { type AroundCall, aroundEachCall } from '../domain/sts-calls.js';

/**
 * The STS port for the service's own checks: at most so many calls a second, since callers that wait for credentials share
 * AWS's limits. When AWS throttles one call, all of them back off.
 */
export function throttled(
  sts: SharedSts,
  { clock, callsPerSecond }: { clock: Clock; callsPerSecond: number },
) {
  const spacingMs = 1000 / callsPerSecond;
  let nextMs = 0;
  let throttles = 0;

  /** Each call gets its own time slot, so that two waiting calls never start together. */
  async function turn(signal: AbortSignal): Promise<boolean> {
    const now = monotonicMs(clock);
    const mine = Math.max(now, nextMs);
    nextMs = mine + spacingMs;
    if (mine > now) await clock.sleep(mine - now, signal);
    return !signal.aborted;
  }

  const inTurn =
    (signal: AbortSignal): AroundCall =>
    async (_, call) => {
      if (!(await turn(signal))) return { outcome: 'inconclusive', reason: 'shutting_down' };
      const answer = await call();
      if (answer.outcome === 'inconclusive' && answer.reason === 'throttled') {
        throttles = Math.min(throttles + 1, 5);
        nextMs = Math.max(nextMs, monotonicMs(clock) + 1000 * 2 ** throttles * (0.5 + Math.random() / 2));
      } else throttles = 0;
      return answer;
    };

  const asking = (share: SharedSts, signal: AbortSignal): SharedSts => ({
    ...aroundEachCall(share, inTurn(signal)),
    forOrganization: (caller) => asking(share.forOrganization(caller), signal),
  });
  return (signal: AbortSignal): SharedSts => asking(sts, signal);
}
