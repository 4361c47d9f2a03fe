import { findConnection } from '../../actions/find-connection.js';
import { takeSignInLink } from '../../actions/sign-in-link.js';
import { apiKeyOf } from '../../api/auth.js';
import type { Requester } from '../../domain/audit.js';
import { requirePermission } from '../../domain/permission.js';
import type { Token } from '../../domain/ports.js';
import { linkIn } from '../../domain/sign-in-link.js';
import type { RateLimits } from '../../limits/index.js';
import { Pair } from '../components/pair.js';
import { LinkForm, SignInForm, type SignInProps } from '../components/sign-in-form.js';
import { formRefused } from '../csrf.js';
import { lookOf } from '../session.js';
import { type Routes, type Site, type Visit, withQuery } from '../site.js';

/** Getting in with an API key. */
export function addSignInPages(routes: Routes, limits: Pick<RateLimits, 'address'>): void {
  const { deps, sessions } = routes.site;
  const show = (visit: Visit, error?: string) => {
    const { title, lead, key: label, keyHelp: help } = visit.texts.signIn;
    const hidden = { to: visit.field('to') || visit.queried('to') };
    return showSignIn(visit, { path: '/sign-in', title, lead, name: 'apiKey', label, help, error, hidden });
  };

  routes.get('/sign-in', (visit) => show(visit));

  routes.post('/sign-in', async (visit) => {
    requireFormToken(visit);
    const key = await apiKeyOf(deps, visit.field('apiKey'));
    if (key === undefined) {
      await limits.address(visit.request.ip);
      return show(visit, visit.texts.signIn.wrong);
    }
    requirePermission(key, 'connections:read');
    await sessions.begin(visit.request, visit.response, { key });
    const to = visit.field('to');
    return visit.seeOther(isPagePath(to) ? to : '/connections');
  });
}

/** The sign-in, which leads on to the page that was asked for. */
export const signInPath = (asked: string): string =>
  withQuery('/sign-in', { to: isPagePath(asked) && asked !== '/connections' ? asked : undefined });

/** Never an address of another site. */
const isPagePath = (path: string): boolean => /^\/(connections|keys)(\/[\w-]+)*$/.test(path);

/** Getting in with a link. */
export function addLinkPages(routes: Routes, limits: Pick<RateLimits, 'address'>): void {
  const { site } = routes;
  const { deps, sessions } = site;

  routes.get('/sign-in/link', (visit) => {
    const { texts } = visit;
    const look = lookOf({ language: visit.queried('lang'), theme: visit.queried('theme') });
    // A form that is sent twice must come from one browser.
    sessions.browserSecret(visit.request, visit.response);
    return visit.send(
      // Embedded, the press was in the app around the page.
      <LinkForm
        path="/sign-in/link"
        csrf={formTokenOf(visit)}
        title={texts.signIn.linkTitle}
        lead={texts.signIn.linkLead}
        hidden={{ token: visit.queried('token').slice(0, 200), ...look }}
        isSentAtOnce={site.embedOrigins.length > 0}
      >
        <Pair state="pending" size="lg" />
      </LinkForm>,
      { isPlain: true, theme: look.theme },
    );
  });

  routes.post('/sign-in/link', async (visit) => {
    requireFormToken(visit);
    const { request, response, requestId } = visit;
    const by: Requester = { actor: { kind: 'service' }, requestId };
    const browser = sessions.browserSecret(request, response);
    const link = await takeSignInLink(deps, by, visit.field('token'), browser).catch(
      async (error: unknown) => {
        await limits.address(request.ip);
        throw error;
      },
    );
    await sessions.begin(request, response, { link, look: lookOf(request.body) });
    return visit.seeOther(await firstPageOf(site, link));
  });
}

/** The page with the next thing to do. */
async function firstPageOf({ deps }: Site, link: Token): Promise<string> {
  const { connectionId, authority, access } = linkIn(link);
  if (connectionId === undefined) return '/connections';
  const viewer = { organizationId: link.organizationId, authority };
  const { id, status } = await findConnection(deps.store, viewer, connectionId);
  return status === 'pending' && access !== 'read' ? `/connections/${id}/setup` : `/connections/${id}`;
}

/** The form to sign in with one secret; with an error, it answers 401. */
export const showSignIn = (visit: Visit, form: Omit<SignInProps, 'csrf'>): Promise<void> =>
  visit.send(<SignInForm {...form} csrf={formTokenOf(visit)} />, {
    isPlain: true,
    status: form.error ? 401 : 200,
  });

/** The token of this browser, for a form before sign-in. */
export const formTokenOf = ({ site, request, response }: Visit): string =>
  site.sessions.formToken(request, response);

/** @throws RolebridgeError `form_refused` for a form that was sent without the token of this browser */
export function requireFormToken(visit: Visit): void {
  if (!visit.site.sessions.hasFormToken(visit.request, visit.field('csrf'))) throw formRefused();
}
