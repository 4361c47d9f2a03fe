import type { Router } from 'express';
import { takeSignInLink } from '../actions/sign-in-link.js';
import { apiKeyOf } from '../api/auth.js';
import { RolebridgeError } from '../domain/errors.js';
import type { RateLimits } from '../limits/index.js';
import { field, type Site, sendPage } from './site.js';
import { linkView, signInView } from './views/sign-in.js';

/** Getting in: with an API key, or with a one-time link. */
export function addSignInPages(pages: Router, site: Site, limits: Pick<RateLimits, 'address'>): void {
  const { deps, sessions } = site;
  const requireFormToken = (request: Parameters<typeof field>[0]) => {
    if (sessions.hasFormToken(request, field(request, 'csrf'))) return;
    throw new RolebridgeError('form_refused', 'This form is too old, or did not come from this site.', {
      remedy: 'Open the page again, and send the form from there. Cookies must be allowed.',
    });
  };

  pages.get('/sign-in', (request, response) =>
    sendPage(site, response, 'Sign in', signInView(sessions.formToken(request, response))),
  );

  pages.post('/sign-in', async (request, response) => {
    requireFormToken(request);
    const key = await apiKeyOf(deps.store, field(request, 'apiKey'));
    if (key === undefined) {
      await limits.address(request.ip);
      const problem = 'This is not a valid API key. Copy it again, whole; a revoked key opens nothing.';
      const view = signInView(sessions.formToken(request, response), problem);
      return sendPage(site, response, 'Sign in', view, { status: 401 });
    }
    await sessions.begin(request, response, { organizationId: key.organizationId, apiKeyId: key.id });
    return response.redirect(303, '/connections');
  });

  pages.get('/sign-in/link', (request, response) => {
    const { token } = request.query;
    const view = linkView(
      sessions.formToken(request, response),
      typeof token === 'string' ? token.slice(0, 200) : '',
    );
    return sendPage(site, response, 'Welcome', view);
  });

  pages.post('/sign-in/link', async (request, response) => {
    requireFormToken(request);
    const link = await takeSignInLink(deps, field(request, 'token')).catch(async (error: unknown) => {
      await limits.address(request.ip);
      throw error;
    });
    await sessions.begin(request, response, link);
    response.redirect(303, link.connectionId ? `/connections/${link.connectionId}` : '/connections');
  });
}
