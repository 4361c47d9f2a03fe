import { createSignInLink } from '../../actions/sign-in-link.js';
import type { Connection } from '../../domain/connection.js';
import type { Authority } from '../../domain/permission.js';
import { mayOpen } from '../access.js';
import { Account, AsideCard, ButtonLink, Callout, PostButton } from '../components/basics.js';
import { CopyRows } from '../components/code.js';
import { Icon } from '../components/icon.js';
import { accountOf } from '../components/status.js';
import { ConnectionHead } from '../layout.js';
import { usePage, useTexts } from '../page-context.js';
import type { Routes } from '../site.js';

const days = 7;

/**
 * A link for the person who can create roles in the account: it opens this one connection, and no scope. It requires
 * `manage`: a link outlives the session, and a `connect` link could otherwise renew itself for ever.
 */
export function addAdministratorLinkPage(routes: Routes): void {
  const { deps } = routes.site;
  routes.post('/connections/:id/administrator-link', async (visit) => {
    const connection = await visit.connection();
    const { organizationId, authority, key, linkHash } = visit.session;
    const { url } = await createSignInLink(
      deps,
      visit.by,
      { organizationId, authority, key, linkHash },
      {
        connectionId: connection.id,
        access: 'connect',
        expiresInSeconds: lifetimeOf(authority, deps.clock.now()),
      },
    );
    return visit.send(<LinkPage connection={connection} url={url} />);
  });
}

/** Never longer than the API key behind the session. */
const lifetimeOf = ({ expiresAt }: Authority, now: number): number =>
  Math.min(
    days * 86_400,
    expiresAt === undefined ? Infinity : Math.floor((Date.parse(expiresAt) - now) / 1000),
  );

/** The link to the administrator, for people who can't create roles. */
export const AskAdministrator = ({ connection }: { connection: Connection }) => {
  const texts = useTexts().administrator;
  if (!mayOpen(usePage().session, 'POST /connections/:id/administrator-link')) return null;
  return (
    <AsideCard title={texts.noPermission} line={texts.sendLine}>
      <PostButton path={`/connections/${connection.id}/administrator-link`} size="sm">
        <Icon name="send" />
        {texts.send}
      </PostButton>
    </AsideCard>
  );
};

function LinkPage({ connection, url }: { connection: Connection; url: string }) {
  const { administrator: texts } = useTexts();
  const account = accountOf(connection);
  return (
    <>
      <ConnectionHead connection={connection} title={texts.title} lead={texts.lead} />
      <div class="card narrow">
        <div class="section">
          <CopyRows rows={[[texts.link, url]]} />
          <Callout kind="warn" icon="lock" title={texts.once} line={texts.onceLine(days)} />
        </div>
        <div class="section">
          <ul class="help list">
            <li>
              {texts.can}
              {account && (
                <>
                  , {texts.inAccount} <Account id={account} />
                </>
              )}
              .
            </li>
            <li>{texts.cant}</li>
          </ul>
          <div class="actions">
            <ButtonLink path={`/connections/${connection.id}/setup`} look="primary">
              {texts.back}
            </ButtonLink>
          </div>
        </div>
      </div>
    </>
  );
}
