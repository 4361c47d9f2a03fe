/** Svix's retry schedule: about 28 hours in all. The example of Standard Webhooks is longer. */
const delaysSeconds = [5, 300, 1_800, 7_200, 18_000, 36_000, 36_000] as const;

/** The upper limit of an endpoint's `Retry-After`. */
const longestAskedMs = 3_600_000;

/**
 * The time of the next attempt, with up to 20 % jitter; undefined after the last attempt.
 */
export function afterFailure({
  failures,
  nowMs,
  retryAfterMs = 0,
}: {
  failures: number;
  nowMs: number;
  retryAfterMs?: number | undefined;
}): string | undefined {
  const delay = delaysSeconds[failures - 1];
  if (delay === undefined) return undefined;
  const jittered = delay * 1000 * (1 + Math.random() / 5);
  return new Date(nowMs + Math.max(jittered, Math.min(retryAfterMs, longestAskedMs))).toISOString();
}
