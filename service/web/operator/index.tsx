/** The vendor's own view across organizations, at `/operator`: for its staff, never for a customer. */
import express, { type Request, type Response, Router } from 'express';
import { RolebridgeError } from '../../domain/errors.js';
import type { RateLimits } from '../../limits/index.js';
import { SignInForm } from '../components/sign-in-form.js';
import { isSameOrigin } from '../csrf.js';
import { useTexts } from '../page-context.js';
import { isSame } from '../session.js';
import { field, type Site, seeOther, sendPage, textsOf } from '../site.js';
import { addOperatorConnections } from './connections.js';
import { addOrganizationPage } from './organization.js';
import { createOperatorSessions } from './session.js';

/** Without an operator's token there is no such page. */
export function createOperatorPages(
  site: Site,
  limits: Pick<RateLimits, 'address'>,
  tokenHash: string | undefined,
): Router {
  const { deps } = site;
  const sessions = createOperatorSessions(deps, tokenHash);
  const pages = Router({ strict: true, caseSensitive: true });
  pages.use((_request, _response, next) => {
    if (tokenHash === undefined) throw new RolebridgeError('not_found', 'This page does not exist.');
    next();
  });
  pages.use(express.urlencoded({ extended: false, limit: '8kb', inflate: false, parameterLimit: 10 }));
  pages.use((request, _response, next) => {
    if (request.method === 'POST' && !isSameOrigin(request, deps.publicUrl)) throw notOurs();
    next();
  });
  const showSignIn = (request: Request, response: Response, error?: string) =>
    sendPage(
      site,
      response,
      { title: textsOf(site, response).operator.signIn, isPlain: true },
      <SignIn token={site.sessions.formToken(request, response)} error={error} />,
      error === undefined ? 200 : 401,
    );
  pages.get('/sign-in', (request, response) => showSignIn(request, response));
  pages.post('/sign-in', async (request, response) => {
    if (!site.sessions.hasFormToken(request, field(request, 'csrf'))) throw notOurs();
    if (sessions.begin(response, field(request, 'token'))) return seeOther(site, response, '/operator');
    await limits.address(request.ip);
    return showSignIn(request, response, textsOf(site, response).operator.wrongToken);
  });
  pages.use((request, response, next) => {
    const session = sessions.find(request, response);
    if (session === undefined) return seeOther(site, response, '/operator/sign-in');
    if (request.method === 'POST' && !isSame(session.csrfToken, field(request, 'csrf'))) throw notOurs();
    response.locals.operator = session;
    next();
  });
  pages.post('/sign-out', (_request, response) => {
    sessions.end(response);
    return seeOther(site, response, '/operator/sign-in');
  });
  addOperatorConnections(pages, site);
  addOrganizationPage(pages, site);
  pages.use(() => {
    throw new RolebridgeError('not_found', 'This page does not exist.');
  });
  return pages;
}

const notOurs = () =>
  new RolebridgeError('form_refused', 'This form did not come from this site, or is too old.', {
    remedy: 'Open the page again, and send the form from there.',
  });

function SignIn({ token, error }: { token: string; error: string | undefined }) {
  const { signIn, signInLead, token: label, tokenHelp } = useTexts().operator;
  const texts = { title: signIn, lead: signInLead, label, help: tokenHelp, button: signIn };
  return <SignInForm action="/operator/sign-in" csrf={token} texts={texts} name="token" error={error} />;
}
