import type { Request, Response, Router } from 'express';
import { recordOutcome } from '../../actions/audited.js';
import { takeOperatorLink } from '../../actions/operator-link.js';
import { operatorOf } from '../../actions/operator-tokens.js';
import { hashOperatorToken, type Operator, operatorActor } from '../../domain/operator.js';
import { operatorOrganizationId } from '../../domain/organization.js';
import type { RateLimits } from '../../limits/index.js';
import { Button, useHref } from '../components/basics.js';
import { SignInForm } from '../components/sign-in-form.js';
import { formRefused } from '../csrf.js';
import { useTexts } from '../page-context.js';
import { field, queried, type Site, seeOther, sendPage, textsOf } from '../site.js';
import type { createOperatorSessions } from './session.js';

/** Getting in with the setting's token, with one that was created, or with a link that the command line made. */
export function addOperatorSignIn(
  pages: Router,
  site: Site,
  options: {
    readonly sessions: ReturnType<typeof createOperatorSessions>;
    readonly limits: Pick<RateLimits, 'address'>;
    readonly settingHash: string | undefined;
  },
): void {
  const { deps } = site;
  const { sessions, limits, settingHash } = options;
  const requireFormToken = (request: Request) => {
    if (!site.sessions.hasFormToken(request, field(request, 'csrf'))) throw formRefused();
  };
  const showSignIn = (request: Request, response: Response, error?: string) =>
    sendPage(
      site,
      response,
      { title: textsOf(site, response).operator.signIn, isPlain: true },
      <SignIn csrf={site.sessions.formToken(request, response)} error={error} />,
      error === undefined ? 200 : 401,
    );

  pages.get('/sign-in', (request, response) => showSignIn(request, response));

  pages.post('/sign-in', async (request, response) => {
    requireFormToken(request);
    const text = field(request, 'token');
    const operator = await operatorOf(deps, settingHash, text);
    if (operator === undefined) {
      await limits.address(request.ip);
      return showSignIn(request, response, textsOf(site, response).operator.wrongToken);
    }
    await recordSignIn(operator, response);
    sessions.begin(response, hashOperatorToken(text));
    return seeOther(site, response, '/operator');
  });

  pages.get('/sign-in/link', (request, response) =>
    sendPage(
      site,
      response,
      { title: textsOf(site, response).operator.signIn, isPlain: true },
      <LinkPage
        csrf={site.sessions.formToken(request, response)}
        token={queried(request, 'token').slice(0, 200)}
      />,
    ),
  );

  pages.post('/sign-in/link', async (request, response) => {
    requireFormToken(request);
    const { tokenHash } = await takeOperatorLink(
      deps,
      response.locals.requestId,
      field(request, 'token'),
    ).catch(async (error: unknown) => {
      await limits.address(request.ip);
      throw error;
    });
    sessions.begin(response, tokenHash);
    return seeOther(site, response, '/operator');
  });

  /** The setting's token has no name, and no row that the audit log could belong to. */
  async function recordSignIn(operator: Operator, response: Response): Promise<void> {
    if (operator.id === undefined) return;
    const { requestId } = response.locals;
    await recordOutcome(
      deps,
      { actor: operatorActor(operator), requestId },
      { action: 'web_session.begin', organizationId: operatorOrganizationId },
    );
  }
}

function SignIn({ csrf, error }: { csrf: string; error: string | undefined }) {
  const { signIn, signInLead, token: label, tokenHelp } = useTexts().operator;
  const texts = { title: signIn, lead: signInLead, label, help: tokenHelp, button: signIn };
  return <SignInForm action="/operator/sign-in" csrf={csrf} texts={texts} name="token" error={error} />;
}

/** A press uses the link up, not a program that only looks at it. */
function LinkPage({ csrf, token }: { csrf: string; token: string }) {
  const { operator: texts, signIn } = useTexts();
  return (
    <section class="card plain" aria-labelledby="title">
      <div class="section center">
        <h1 id="title">{texts.signIn}</h1>
        <p class="muted">{texts.linkLead}</p>
        <form method="post" action={useHref()('/operator/sign-in/link')}>
          <input type="hidden" name="csrf" value={csrf} />
          <input type="hidden" name="token" value={token} />
          <Button look="primary" size="lg">
            {signIn.continue}
          </Button>
        </form>
      </div>
    </section>
  );
}
