import { RolebridgeError } from '../domain/errors.js';
import { sessionLimits } from '../domain/session-limits.js';

/** Common values of MaxSessionDuration; IAM's minimum is an hour. */
const usualMaximums = [3_600, 7_200, 14_400, 28_800];

/**
 * The refusal of a session longer than the role's maximum, which STS doesn't reveal and IAM reveals only to the role's own
 * account: it is looked for with three calls at most, whose credentials are dropped unread.
 */
export async function durationTooLong(
  requested: number,
  tryDuration: (durationSeconds: number) => Promise<'allowed' | 'too_long' | 'unknown'>,
): Promise<RolebridgeError> {
  const candidates = usualMaximums.filter((seconds) => seconds < requested);
  let low = 0;
  let tooLong = requested;
  let isKnown = true;
  for (let high = candidates.length - 1; isKnown && low < high; ) {
    const middle = Math.ceil((low + high) / 2);
    const seconds = candidates[middle] ?? requested;
    const outcome = await tryDuration(seconds);
    if (outcome === 'unknown') isKnown = false;
    else if (outcome === 'allowed') low = middle;
    else {
      high = middle - 1;
      tooLong = seconds;
    }
  }
  const allowed = candidates[low] ?? sessionLimits.chainedSeconds;
  const isExact = isKnown && (tooLong === allowed + 1 || (await tryDuration(allowed + 1)) === 'too_long');
  return new RolebridgeError(
    'duration_too_long',
    isExact
      ? `The role's sessions last ${allowed} seconds at most; ${requested} were asked for.`
      : `The role's sessions can't last ${requested} seconds. Its maximum is at least ${allowed} and less than ${tooLong}.`,
    {
      remedy: `Request ${allowed} seconds or less, or have the customer raise the role's maximum session duration: "maxSessionDuration" in the construct.`,
      members: {
        allowedDurationSeconds: allowed,
        ...(isExact && { maximumDurationSeconds: allowed }),
      },
    },
  );
}

/** The refusal when the service itself is a role's session. */
export function chainedTooLong(requested: number): RolebridgeError {
  const seconds = sessionLimits.chainedSeconds;
  return new RolebridgeError(
    'duration_too_long',
    `The service runs as a role itself, and AWS ends sessions opened by a role's session after ${seconds} seconds (role chaining), whatever the customer's role allows; ${requested} were asked for.`,
    {
      remedy: `Request ${seconds} seconds or less, and new credentials when they expire.`,
      members: { allowedDurationSeconds: seconds, maximumDurationSeconds: seconds },
    },
  );
}
