import type { Request } from 'express';
import { RolebridgeError } from '../domain/errors.js';

/**
 * True for a request from a page of this site. Requires Sec-Fetch-Site or Origin: a request with neither is rejected.
 * https://www.w3.org/TR/fetch-metadata/#sec-fetch-site-header
 */
export function isSameOrigin(request: Request, publicUrl: string): boolean {
  const site = request.headers['sec-fetch-site'];
  const { origin } = request.headers;
  if (site === undefined && origin === undefined) return false;
  return (
    (site === undefined || site === 'same-origin') &&
    (origin === undefined || origin === new URL(publicUrl).origin)
  );
}

/** The refusal of a form from another site, or from a page that was open for too long. */
export const formRefused = (): RolebridgeError =>
  new RolebridgeError('form_refused', 'This form did not come from this site, or is too old.', {
    remedy: 'Open the page again and send the form from there. Cookies must be allowed.',
  });
