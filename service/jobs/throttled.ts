import type { Clock, SharedSts, StsAnswer } from '../domain/ports.js';

/**
 * The STS port for the service's own checks: so many calls a second and no more, since AWS's limits are shared with those
 * that wait for credentials. When AWS throttles, all of them wait a while.
 */
export function throttled(
  sts: SharedSts,
  { clock, callsPerSecond }: { clock: Clock; callsPerSecond: number },
) {
  const spacingMs = 1000 / callsPerSecond;
  let nextMs = 0;
  let throttles = 0;

  /** Calls stand in a queue: each has its own moment, so a wait never wakes two at once. */
  async function turn(signal: AbortSignal): Promise<boolean> {
    const now = clock.now();
    // A clock that was put back must not hold everything up.
    if (nextMs - now > longestQueueMs) nextMs = now;
    const mine = Math.max(now, nextMs);
    nextMs = mine + spacingMs;
    if (mine > now) await clock.sleep(mine - now, signal);
    return !signal.aborted;
  }

  async function counted<Answer extends { outcome: string; reason?: string }>(
    signal: AbortSignal,
    call: () => Promise<Answer>,
  ): Promise<Answer | Extract<StsAnswer<object>, { outcome: 'inconclusive' }>> {
    // The service is ending: the check comes to no verdict, and is made again.
    if (!(await turn(signal))) return { outcome: 'inconclusive', reason: 'too_many_concurrent_calls' };
    const answer = await call();
    if (answer.outcome === 'inconclusive' && answer.reason === 'throttled') {
      throttles = Math.min(throttles + 1, 5);
      nextMs = Math.max(nextMs, clock.now() + 1000 * 2 ** throttles * (0.5 + Math.random() / 2));
    } else throttles = 0;
    return answer;
  }

  const asking = (share: SharedSts, signal: AbortSignal): SharedSts => ({
    forOrganization: (caller) => asking(share.forOrganization(caller), signal),
    assumeRole: (request) => counted(signal, () => share.assumeRole(request)),
    readRole: (partition, credentials, roleName) =>
      counted(signal, () => share.readRole(partition, credentials, roleName)),
    accountAlias: (partition, credentials) =>
      counted(signal, () => share.accountAlias(partition, credentials)),
    simulate: (partition, credentials, roleArn, simulation) =>
      counted(signal, () => share.simulate(partition, credentials, roleArn, simulation)),
    callerIdentity: (partition, credentials) =>
      counted(signal, () => share.callerIdentity(partition, credentials)),
    accessKeyIdentity: (partition, key) => counted(signal, () => share.accessKeyIdentity(partition, key)),
    signerIdentity: (partition, request) => counted(signal, () => share.signerIdentity(partition, request)),
  });
  return (signal: AbortSignal): SharedSts => asking(sts, signal);
}

const longestQueueMs = 120_000;
