import { RolebridgeError } from '../domain/errors.js';

/**
 * Runs one after the other: damage of an organization's rows stops no work for the others.
 * @throws RolebridgeError the first damage, after all ran; any other error at once
 */
export async function despiteDamage(works: Iterable<() => Promise<void>>): Promise<void> {
  let damage: RolebridgeError | undefined;
  for (const work of works)
    try {
      await work();
    } catch (error) {
      // An unavailable store says when to retry.
      if (!(error instanceof RolebridgeError) || error.retryAfterSeconds !== undefined) throw error;
      damage ??= error;
    }
  if (damage) throw damage;
}
