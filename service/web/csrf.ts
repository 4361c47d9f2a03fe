import type { Request } from 'express';

/**
 * Does the request come from a page of this very site? A browser says so in Sec-Fetch-Site and Origin; one that says
 * neither is not believed.
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
