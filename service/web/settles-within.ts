import { RolebridgeError } from '../domain/errors.js';
import type { Site } from './site.js';

/** Without JavaScript the answer waits this long for the outcome; after that a page shows the progress. */
const soonMs = 2_000;

/** True when the check ends soon; false while it continues. @throws errors of the check in that time */
export async function isDecidedSoon(site: Site, check: Promise<unknown>): Promise<boolean> {
  const waiting = new AbortController();
  try {
    const decided = check.then(() => true);
    const isDecided = await Promise.race([
      decided,
      site.deps.clock.sleep(soonMs, waiting.signal).then(() => false),
    ]);
    // The progress page reads the outcome from the row of the check; an unexpected error is logged as well.
    if (!isDecided)
      decided.catch((error: unknown) => {
        if (!(error instanceof RolebridgeError)) site.logger.error({ err: error }, 'a check failed');
      });
    return isDecided;
  } finally {
    waiting.abort();
  }
}
