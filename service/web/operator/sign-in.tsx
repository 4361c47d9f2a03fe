import { recordOutcome } from '../../actions/audited.js';
import { takeOperatorLink } from '../../actions/operator-link.js';
import { operatorOf } from '../../actions/operator-tokens.js';
import { hashOperatorToken, type Operator, operatorActor } from '../../domain/operator.js';
import { operatorOrganizationId } from '../../domain/organization.js';
import type { RateLimits } from '../../limits/index.js';
import { LinkForm } from '../components/sign-in-form.js';
import { formTokenOf, requireFormToken, showSignIn } from '../pages/sign-in.js';
import type { Routes, Visit } from '../site.js';
import type { createOperatorSessions } from './session.js';

/** Getting in with the setting's token, with one that was created, or with a link that the command line made. */
export function addOperatorSignIn(
  routes: Routes,
  options: {
    readonly sessions: ReturnType<typeof createOperatorSessions>;
    readonly limits: Pick<RateLimits, 'address'>;
    readonly settingHash: string | undefined;
  },
): void {
  const { deps } = routes.site;
  const { sessions, limits, settingHash } = options;
  const show = (visit: Visit, error?: string) => {
    const { signIn: title, signInLead: lead, token: label, tokenHelp: help } = visit.texts.operator;
    return showSignIn(visit, { path: '/operator/sign-in', title, lead, name: 'token', label, help, error });
  };

  routes.get('/sign-in', (visit) => show(visit));

  routes.post('/sign-in', async (visit) => {
    requireFormToken(visit);
    const text = visit.field('token');
    const operator = await operatorOf(deps, settingHash, text);
    if (operator === undefined) {
      await limits.address(visit.request.ip);
      return show(visit, visit.texts.operator.wrongToken);
    }
    await recordSignIn(operator, visit.requestId);
    sessions.begin(visit.response, hashOperatorToken(text));
    return visit.seeOther('/operator');
  });

  routes.get('/sign-in/link', (visit) => {
    const { signIn, linkLead } = visit.texts.operator;
    return visit.send(
      <LinkForm
        path="/operator/sign-in/link"
        csrf={formTokenOf(visit)}
        title={signIn}
        lead={linkLead}
        hidden={{ token: visit.queried('token').slice(0, 200) }}
      />,
      { isPlain: true },
    );
  });

  routes.post('/sign-in/link', async (visit) => {
    requireFormToken(visit);
    const { tokenHash } = await takeOperatorLink(deps, visit.requestId, visit.field('token')).catch(
      async (error: unknown) => {
        await limits.address(visit.request.ip);
        throw error;
      },
    );
    sessions.begin(visit.response, tokenHash);
    return visit.seeOther('/operator');
  });

  /** The token of the settings has no record, so its sign-in is not audited. */
  async function recordSignIn(operator: Operator, requestId: string): Promise<void> {
    if (operator.id === undefined) return;
    await recordOutcome(
      deps,
      { actor: operatorActor(operator), requestId },
      { action: 'web_session.begin', organizationId: operatorOrganizationId },
    );
  }
}
