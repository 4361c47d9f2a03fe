import type { Connection } from '../../domain/connection.js';
import { mayOpen } from '../access.js';
import { ButtonLink, Link, PostButton } from '../components/basics.js';
import { Icon, type IconName } from '../components/icon.js';
import { usePage, useTexts } from '../page-context.js';

/** The actions of a connection: the next one as a button, the rest in a menu. */
export function Actions({ connection }: { connection: Connection }) {
  const { connection: texts, list, setup, accessKey, remove, common } = useTexts();
  const { session } = usePage();
  const path = `/connections/${connection.id}`;
  const isOpen = connection.status === 'pending' || connection.status === 'disconnected';
  if (!mayOpen(session, 'POST /connections/:id/verify')) return null;
  return (
    <>
      {isOpen && connection.method === 'assume_role' ? (
        <ButtonLink path={`${path}/setup`} look="primary">
          {connection.status === 'pending' ? list.continue : texts.reconnect}
        </ButtonLink>
      ) : (
        <PostButton path={`${path}/verify`} busy={setup.checkingBusy}>
          <Icon name="refresh" />
          {setup.checkAgain}
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
                <MenuLink path={`${path}/access-key`} icon="key" title={accessKey.replaceTitle} />
                {connection.migration ? (
                  <MenuLink path={`${path}/setup`} icon="shield" title={texts.continueToRole} />
                ) : (
                  <li>
                    <PostButton path={`${path}/migrate-to-role`}>
                      <Icon name="shield" />
                      {setup.migrateTitle}
                    </PostButton>
                  </li>
                )}
              </>
            )}
            <li>
              <hr />
            </li>
            <MenuLink path={`${path}/delete`} icon="trash" title={remove.button} kind="danger" />
          </ul>
        </details>
      )}
    </>
  );
}

function RoleActions({ path }: { path: string }) {
  const { rotate, setup } = useTexts();
  return (
    <>
      <MenuLink path={`${path}/rotate`} icon="key" title={rotate.title} />
      <MenuLink path={`${path}/setup?step=role`} icon="refresh" title={setup.replaceTitle} />
      <MenuLink path={`${path}/setup?step=role&format=terraform`} icon="terminal" title={setup.codeTitle} />
    </>
  );
}

const MenuLink = (props: { path: string; icon: IconName; title: string; kind?: string }) => (
  <li>
    <Link path={props.path} kind={props.kind}>
      <Icon name={props.icon} />
      {props.title}
    </Link>
  </li>
);
