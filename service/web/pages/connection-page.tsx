import type { Child } from 'hono/jsx';
import { type Connection, roleRegistrationOf } from '../../domain/connection.js';
import type { PermissionSetView } from '../../domain/permission-set-view.js';
import { mayOpen } from '../access.js';
import { type CheckResult, storedResultOf } from '../check-result.js';
import {
  Account,
  ButtonLink,
  Callout,
  Crumbs,
  Fold,
  PostButton,
  Time,
  useHref,
  Words,
} from '../components/basics.js';
import { Checks, rowsOf } from '../components/checks.js';
import { CopyButton } from '../components/code.js';
import { Icon, type IconName } from '../components/icon.js';
import { PermissionsCard, PermissionsNote } from '../components/permissions-note.js';
import { CheckEvidence, NoVerdict, OpenRole, PolicyToDeploy, Refusal } from '../components/refusal.js';
import { ScopeTreeView } from '../components/scope-fields.js';
import { accountOf, assuranceOf, Status, verificationOf } from '../components/status.js';
import { Timeline } from '../components/timeline.js';
import type { HistoryEntry } from '../history.js';
import { PageHead } from '../layout.js';
import { usePage, useTexts } from '../page-context.js';
import type { ScopeNode } from './scope-choices.js';
import { findingOf } from './success.js';

export interface ConnectionPageProps {
  readonly connection: Connection;
  /** What its role allows, where the vendor has permission sets. */
  readonly set: PermissionSetView | undefined;
  readonly tree: ScopeNode;
  readonly isTreeCut: boolean;
  readonly history: readonly HistoryEntry[];
  readonly isOlderHistory: boolean;
  readonly olderHistory?: string | undefined;
  /** A check that came to no verdict. */
  readonly result?: CheckResult | undefined;
}

export function ConnectionPage(page: ConnectionPageProps) {
  const { connection } = page;
  const { connection: texts, list, checks } = useTexts();
  const verification = verificationOf(connection);
  const account = accountOf(connection);
  return (
    <>
      <Crumbs links={[['/connections', list.title]]} here={connection.name} />
      <div data-live="connection">
        <PageHead
          title={connection.name}
          beside={<Status connection={connection} />}
          lead={
            <>
              {account && (
                <>
                  {texts.account} <Account id={account} />.{' '}
                </>
              )}
              {verification ? (
                <>
                  {texts.checked} <Time iso={verification.finishedAt} />.
                </>
              ) : (
                connection.status !== 'disconnected' && checks.none
              )}
            </>
          }
        >
          <Actions connection={connection} />
        </PageHead>
      </div>
      <div class="con">
        <div class="stack">
          {page.result && <NoVerdict result={page.result} />}
          <RotationNote connection={connection} />
          <PermissionsNote {...page} />
          <ChecksCard {...page} />
          <PermissionsCard {...page} />
          <ScopeCard {...page} />
        </div>
        <aside class="stack" aria-label={`${texts.details}, ${texts.history}`}>
          <Details connection={connection} />
          <History {...page} />
        </aside>
      </div>
    </>
  );
}

function Actions({ connection }: { connection: Connection }) {
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

function RotationNote({ connection }: { connection: Connection }) {
  const texts = useTexts().connection;
  const { session } = usePage();
  const href = useHref();
  if (connection.method !== 'assume_role' || connection.pendingExternalId === undefined) return null;
  return (
    <Callout kind="accent" icon="key" title={texts.rotating}>
      <span>
        {texts.rotatingLine}{' '}
        {mayOpen(session, 'GET /connections/:id/rotate') && (
          <a href={href(`/connections/${connection.id}/rotate`)}>{texts.rotatingLink}</a>
        )}
      </span>
    </Callout>
  );
}

function ChecksCard({ connection }: ConnectionPageProps) {
  const { checks: texts } = useTexts();
  const verification = verificationOf(connection);
  const rows = rowsOf(verification?.checks ?? []);
  const result = storedResultOf(connection);
  const trust = roleRegistrationOf(connection);
  const roleArn = 'roleArn' in connection ? connection.roleArn : undefined;
  return (
    <section class="card" aria-labelledby="checks" data-live="checks">
      <div class="card-head">
        <h2 id="checks">{texts.title}</h2>
        {verification && (
          <span class="small muted">
            {texts.summary(
              rows.filter(({ state }) => state === 'passed').length,
              rows.filter(({ state }) => state === 'failed').length,
              rows.filter(({ state }) => state === 'skipped').length,
            )}
            , <Time iso={verification.finishedAt} />
          </span>
        )}
      </div>
      {verification === undefined ? (
        <p class="section muted">{connection.status === 'disconnected' ? texts.ended : texts.none}</p>
      ) : result ? (
        <>
          <Refusal result={result} />
          <div class="section">
            <PolicyToDeploy
              result={result}
              externalId={trust?.pendingExternalId ?? trust?.externalId ?? ''}
            />
            {roleArn && (
              <div class="actions">
                <OpenRole roleArn={roleArn} />
              </div>
            )}
          </div>
          <CheckEvidence result={result} />
        </>
      ) : (
        <Passed connection={connection} rows={rows} />
      )}
    </section>
  );
}

function Passed({ connection, rows }: { connection: Connection; rows: ReturnType<typeof rowsOf> }) {
  const { checks: texts } = useTexts();
  const [title, line] = findingOf(connection, texts);
  return (
    <div class="section">
      <Callout kind="ok" icon={assuranceOf(connection) === 'proven' ? 'proven' : 'ok'} title={title}>
        <span>
          <Words text={line} />
        </span>
      </Callout>
      <Fold title={texts.view(rows.length)}>
        <Checks rows={rows} />
      </Fold>
    </div>
  );
}

function ScopeCard({ connection, tree, isTreeCut }: ConnectionPageProps) {
  const { scope: texts, connection: words } = useTexts();
  return (
    <section class="card" aria-labelledby="scope">
      <div class="card-head">
        <h2 id="scope">{texts.title}</h2>
        {mayOpen(usePage().session, 'GET /connections/:id/scope') && (
          <ButtonLink path={`/connections/${connection.id}/scope`} size="sm">
            {words.changeScope}
          </ButtonLink>
        )}
      </div>
      <div class="section">
        {connection.scopes.length === 0 && <p class="help">{texts.nowhere}</p>}
        <ul class="tree tree-flat" role="list">
          <ScopeTreeView node={tree} connection={connection} />
        </ul>
        {isTreeCut && <p class="help">{texts.cut}</p>}
      </div>
    </section>
  );
}

function Details({ connection }: { connection: Connection }) {
  const { connection: texts, setup } = useTexts();
  const roleArn = 'roleArn' in connection ? connection.roleArn : undefined;
  const key =
    connection.method === 'access_key' && connection.status !== 'disconnected'
      ? connection.accessKey
      : undefined;
  const trust = roleRegistrationOf(connection);
  return (
    <section class="card card-pad" aria-labelledby="details">
      <h2 id="details" class="sr">
        {texts.details}
      </h2>
      <dl class="kv">
        {roleArn && <CopyFact id="arn" term={texts.roleArn} value={roleArn} />}
        {trust && <CopyFact id="external-id" term={texts.externalId} value={trust.externalId} />}
        {trust?.pendingExternalId && (
          <CopyFact id="new-external-id" term={setup.newExternalId} value={trust.pendingExternalId} />
        )}
        {key && <CopyFact id="principal" term={texts.belongsTo} value={key.principalArn} />}
        <CopyFact id="id" term={texts.id} value={connection.id} />
      </dl>
      <dl class="kv kv-2">
        <Fact term={texts.method}>{texts.methods[connection.method]}</Fact>
        <Fact term={texts.created}>
          <Time iso={connection.createdAt} />
        </Fact>
        {key && (
          <Fact term={texts.key}>
            <code>{key.lastFour}</code>
          </Fact>
        )}
        {key?.sessionExpiresAt && (
          <Fact term={texts.keyEnds}>
            <Time iso={key.sessionExpiresAt} />
          </Fact>
        )}
      </dl>
    </section>
  );
}

const Fact = ({ term, children }: { term: string; children?: Child }) => (
  <div>
    <dt>{term}</dt>
    <dd>{children}</dd>
  </div>
);

const CopyFact = ({ id, term, value }: { id: string; term: string; value: string }) => (
  <div>
    <dt>{term}</dt>
    <dd class="mono kv-copy">
      <span id={`v-${id}`}>{value}</span>
      <CopyButton of={`v-${id}`} what={term} />
    </dd>
  </div>
);

function History({ history, olderHistory, isOlderHistory, connection }: ConnectionPageProps) {
  const { connection: texts } = useTexts();
  const href = useHref();
  return (
    <section class="card card-pad stack" aria-labelledby="history" data-live="history">
      <h2 id="history">{texts.history}</h2>
      {history.length === 0 && <p class="small muted">{texts.noHistory}</p>}
      <Timeline entries={history} />
      {(olderHistory || isOlderHistory) && (
        <p class="small row">
          {isOlderHistory && <a href={href(`/connections/${connection.id}#history`)}>{texts.newest}</a>}
          {olderHistory && <a href={href(olderHistory)}>{texts.older}</a>}
        </p>
      )}
    </section>
  );
}
