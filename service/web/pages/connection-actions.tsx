import type { Connection } from '../../domain/connection.js';
import { mayOpen } from '../access.js';
import { ButtonLink, PostButton, useHref } from '../components/basics.js';
import { Icon, type IconName } from '../components/icon.js';
import { usePage, useTexts } from '../page-context.js';

/** The actions of a connection: the next one as a button, the rest in a menu. */
export function Actions({ connection }: { connection: Connection }) {
  const { connection: texts, common } = useTexts();
  const { session } = usePage();
  const path = `/connections/${connection.id}`;
  const isOpen = connection.status === 'pending' || connection.status === 'disconnected';
  if (!mayOpen(session, 'POST /connections/:id/verify')) return null;
  return (
    <>
      {isOpen && connection.method === 'assume_role' ? (
        <ButtonLink path={`${path}/setup`} look="primary">
          {connection.status === 'pending' ? texts.continue : texts.reconnect}
        </ButtonLink>
      ) : (
        <PostButton path={`${path}/verify`} busy={texts.verifying}>
          <Icon name="refresh" />
          {texts.verify}
        </PostButton>
      )}
      {mayOpen(session, 'POST /connections/:id/delete') && (
        <details class="menu">
          <summary class="btn btn-icon" aria-label={common.moreActions} title={common.moreActions}>
            <Icon name="dots" />
          </summary>
          <ul class="menu-list">
            <MenuLink path={`${path}/name`} icon="pen" title={texts.rename} />
            {connection.method === 'assume_role' ? (
              <RoleActions path={path} />
            ) : (
              <>
                <MenuLink path={`${path}/access-key`} icon="key" title={texts.replaceKey} />
                <li>
                  {connection.migration ? (
                    <a href={useHref()(`${path}/setup`)}>
                      <Icon name="shield" />
                      {texts.continueToRole}
                    </a>
                  ) : (
                    <PostButton path={`${path}/migrate-to-role`} kind="menu-button">
                      <Icon name="shield" />
                      {texts.toRole}
                    </PostButton>
                  )}
                </li>
              </>
            )}
            <li>
              <hr />
            </li>
            <MenuLink path={`${path}/delete`} icon="trash" title={texts.delete} kind="danger" />
          </ul>
        </details>
      )}
    </>
  );
}

function RoleActions({ path }: { path: string }) {
  const texts = useTexts().connection;
  return (
    <>
      <MenuLink path={`${path}/rotate`} icon="key" title={texts.rotate} />
      <MenuLink path={`${path}/setup?step=role`} icon="refresh" title={texts.replaceRole} />
      <MenuLink path={`${path}/setup?step=role&format=terraform`} icon="terminal" title={texts.asCode} />
    </>
  );
}

const MenuLink = (props: { path: string; icon: IconName; title: string; kind?: string }) => (
  <li>
    <a href={useHref()(props.path)} class={props.kind}>
      <Icon name={props.icon} />
      {props.title}
    </a>
  </li>
);
