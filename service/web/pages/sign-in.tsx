import type { Request, Router } from 'express';
import { findConnection } from '../../actions/find-connection.js';
import { takeSignInLink } from '../../actions/sign-in-link.js';
import { apiKeyOf } from '../../api/auth.js';
import type { Requester } from '../../domain/audit.js';
import { requirePermission } from '../../domain/permission.js';
import type { Token } from '../../domain/ports.js';
import { linkIn } from '../../domain/sign-in-link.js';
import type { RateLimits } from '../../limits/index.js';
import { Button, useHref } from '../components/basics.js';
import { Pair } from '../components/pair.js';
import { SignInForm } from '../components/sign-in-form.js';
import { formRefused } from '../csrf.js';
import { usePage, useTexts } from '../page-context.js';
import { type Look, lookOf } from '../session.js';
import { field, queried, type Site, seeOther, sendPage, textsOf } from '../site.js';

/** Getting in with an API key. */
export function addSignInPages(pages: Router, site: Site, limits: Pick<RateLimits, 'address'>): void {
  const { deps, sessions } = site;

  pages.get('/sign-in', (request, response) => {
    const head = { title: textsOf(site, response).signIn.title, isPlain: true };
    return sendPage(site, response, head, <SignInPage token={sessions.formToken(request, response)} />);
  });

  pages.post('/sign-in', async (request, response) => {
    requireFormToken(site, request);
    const key = await apiKeyOf(deps, field(request, 'apiKey'));
    if (key === undefined) {
      await limits.address(request.ip);
      const { signIn } = textsOf(site, response);
      const view = <SignInPage token={sessions.formToken(request, response)} error={signIn.wrong} />;
      return sendPage(site, response, { title: signIn.title, isPlain: true }, view, 401);
    }
    requirePermission(key, 'connections:read');
    await sessions.begin(request, response, { key });
    return seeOther(site, response, '/connections');
  });
}

/** Getting in with a link. */
export function addLinkPages(pages: Router, site: Site, limits: Pick<RateLimits, 'address'>): void {
  const { deps, sessions } = site;

  pages.get('/sign-in/link', (request, response) => {
    const look = lookOf({ language: request.query.lang, theme: request.query.theme });
    const head = { title: textsOf(site, response).signIn.linkTitle, isPlain: true, theme: look.theme };
    const view = (
      <LinkPage
        token={sessions.formToken(request, response)}
        linkToken={queried(request, 'token').slice(0, 200)}
        look={look}
      />
    );
    return sendPage(site, response, head, view);
  });

  pages.post('/sign-in/link', async (request, response) => {
    requireFormToken(site, request);
    const by: Requester = { actor: { kind: 'service' }, requestId: response.locals.requestId };
    const browser = sessions.browserSecret(request, response);
    const link = await takeSignInLink(deps, by, field(request, 'token'), browser).catch(
      async (error: unknown) => {
        await limits.address(request.ip);
        throw error;
      },
    );
    await sessions.begin(request, response, { link, look: lookOf(request.body) });
    return seeOther(site, response, await firstPageOf(site, link));
  });
}

/** Where there is something to do. */
async function firstPageOf({ deps }: Site, link: Token): Promise<string> {
  const { connectionId, authority, access } = linkIn(link);
  if (connectionId === undefined) return '/connections';
  const viewer = { organizationId: link.organizationId, authority };
  const { id, status } = await findConnection(deps.store, viewer, connectionId);
  return status === 'pending' && access !== 'read' ? `/connections/${id}/setup` : `/connections/${id}`;
}

function requireFormToken({ sessions }: Site, request: Request): void {
  if (!sessions.hasFormToken(request, field(request, 'csrf'))) throw formRefused();
}

function SignInPage({ token, error }: { token: string; error?: string }) {
  const { key, keyHelp, ...texts } = useTexts().signIn;
  const words = { ...texts, label: key, help: keyHelp };
  return <SignInForm action="/sign-in" csrf={token} texts={words} name="apiKey" error={error} />;
}

/**
 * A link is used up by a press of the button, not by a program that only looks at it. Embedded, the press was in the
 * app around it: the page's script continues.
 */
function LinkPage({ token, linkToken, look }: { token: string; linkToken: string; look: Look }) {
  const texts = useTexts().signIn;
  const isEmbedded = usePage().embedOrigins.length > 0;
  return (
    <section class="card plain" aria-labelledby="title">
      <div class="section center">
        <Pair state="pending" size="lg" />
        <h1 id="title">{texts.linkTitle}</h1>
        <p class="muted">{texts.linkLead}</p>
        <form method="post" action={useHref()('/sign-in/link')} data-go={isEmbedded ? '' : undefined}>
          <input type="hidden" name="csrf" value={token} />
          <input type="hidden" name="token" value={linkToken} />
          {look.language && <input type="hidden" name="language" value={look.language} />}
          {look.theme && <input type="hidden" name="theme" value={look.theme} />}
          <Button look="primary" size="lg">
            {texts.continue}
          </Button>
        </form>
      </div>
    </section>
  );
}
