/** Svix's schedule, after the example of Standard Webhooks: about 28 hours in all, then a message is given up. */
const delaysSeconds = [5, 300, 1_800, 7_200, 18_000, 36_000, 36_000] as const;

/** An endpoint's `Retry-After` counts up to this. */
const longestAskedMs = 3_600_000;

/**
 * When to try again after so many failures, at random up to a fifth later so that messages that failed together don't come
 * together again; undefined when it is given up.
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
