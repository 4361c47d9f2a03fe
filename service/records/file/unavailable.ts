import { RolebridgeError } from '../../domain/errors.js';

/** What whoever asked for a change is told of a failure of the disk. */
export function unavailable(cause: unknown): RolebridgeError {
  if (cause instanceof RolebridgeError) return cause;
  const reason = (cause as NodeJS.ErrnoException).code ?? (cause as Error).message;
  return new RolebridgeError('store_unavailable', `The change could not be stored (${reason}).`, {
    remedy: 'Nothing was changed. Try again; if it lasts, look at the disk of the data directory.',
    retryAfterSeconds: 5,
    cause,
  });
}
