import { RolebridgeError } from '../domain/errors.js';
import type { Site } from './site.js';

/** Somebody without a script waits this long for the outcome itself; longer ones have a page of their own. */
const soonMs = 2_000;

/** The outcome of a check where it comes soon; false where it takes longer, and goes on. @throws what the check throws in that time */
export async function isDecidedSoon(site: Site, check: Promise<unknown>): Promise<boolean> {
  const waiting = new AbortController();
  try {
    const decided = check.then(() => true);
    const isDecided = await Promise.race([
      decided,
      site.deps.clock.sleep(soonMs, waiting.signal).then(() => false),
    ]);
    // Its outcome is in the audit log, from which the page has it; what is nobody's expectation is logged as well.
    if (!isDecided)
      decided.catch((error: unknown) => {
        if (!(error instanceof RolebridgeError)) site.logger.error({ err: error }, 'a check failed');
      });
    return isDecided;
  } finally {
    waiting.abort();
  }
}
