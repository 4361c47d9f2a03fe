import { type Connection, roleRegistrationOf, verificationOf } from '../../domain/connection.js';
import type { PermissionSetView } from '../../domain/permission-set-view.js';
import { mayOpen } from '../access.js';
import { type CheckResult, storedResultOf } from '../check-result.js';
import { AssuranceDetails } from '../components/assurance.js';
import { Account, ButtonLink, Callout, Card, Fold, Link, Time, Words } from '../components/basics.js';
import { Checks, countOf, rowsOf } from '../components/checks.js';
import { asksForPermissions, PermissionsCard } from '../components/permissions-card.js';
import { CheckEvidence, NoVerdict, OpenRole, PolicyToDeploy, Refusal } from '../components/refusal.js';
import { ScopeTreeView } from '../components/scope-fields.js';
import { accountOf, aliasOf, assuranceOf, Status } from '../components/status.js';
import { Crumbs, PageHead } from '../layout.js';
import { usePage, useTexts } from '../page-context.js';
import { Actions } from './connection-actions.js';
import { Details, History, type HistoryProps } from './connection-details.js';
import type { ScopeNode } from './scope-choices.js';
import { findingOf } from './success.js';

export interface ConnectionPageProps extends HistoryProps {
  /** The role's permissions, if the vendor has permission sets. */
  readonly set: PermissionSetView | undefined;
  readonly tree: ScopeNode;
  readonly isTreeCut: boolean;
  /** A check that came to no verdict. */
  readonly result?: CheckResult | undefined;
}

export function ConnectionPage(page: ConnectionPageProps) {
  const { connection } = page;
  const { connection: texts, list, checks } = useTexts();
  const verification = verificationOf(connection);
  const account = accountOf(connection);
  const alias = aliasOf(connection);
  const isAsked = connection.status === 'connected' && asksForPermissions(page);
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
                  {texts.account} <Account id={account} />
                  {alias && `, ${alias}`}.{' '}
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
          {isAsked && <PermissionsCard {...page} />}
          <ChecksCard {...page} />
          {isAsked || <PermissionsCard {...page} />}
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

function RotationNote({ connection }: { connection: Connection }) {
  const texts = useTexts().connection;
  if (connection.method !== 'assume_role' || connection.pendingExternalId === undefined) return null;
  return (
    <Callout kind="accent" icon="key" title={texts.rotating}>
      <span>
        {texts.rotatingLine}{' '}
        {mayOpen(usePage().session, 'GET /connections/:id/rotate') && (
          <Link path={`/connections/${connection.id}/rotate`}>{texts.rotatingLink}</Link>
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
    <Card
      id="checks"
      title={texts.title}
      live="checks"
      beside={
        verification && (
          <span class="small muted">
            {texts.summary(countOf(rows, 'passed'), countOf(rows, 'failed'), countOf(rows, 'skipped'))},{' '}
            <Time iso={verification.finishedAt} />
          </span>
        )
      }
    >
      {verification === undefined ? (
        <p class="section muted">{connection.status === 'disconnected' ? texts.ended : texts.none}</p>
      ) : result ? (
        <>
          <Refusal result={result} />
          <div class="section">
            <PolicyToDeploy result={result} externalId={trust?.pendingExternalId ?? trust?.externalId ?? ''}>
              {roleArn && (
                <div class="actions">
                  <OpenRole roleArn={roleArn} />
                </div>
              )}
            </PolicyToDeploy>
          </div>
          <CheckEvidence result={result} />
        </>
      ) : (
        <Passed connection={connection} rows={rows} />
      )}
    </Card>
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
      <AssuranceDetails connection={connection} />
      <Fold title={texts.view(rows.length)}>
        <Checks rows={rows} />
      </Fold>
    </div>
  );
}

function ScopeCard({ connection, tree, isTreeCut }: ConnectionPageProps) {
  const { scope: texts, list } = useTexts();
  return (
    <Card
      id="scope"
      title={list.columns.scope}
      beside={
        mayOpen(usePage().session, 'GET /connections/:id/scope') && (
          <ButtonLink path={`/connections/${connection.id}/scope`} size="sm">
            {texts.changeTitle}
          </ButtonLink>
        )
      }
    >
      <div class="section">
        {connection.scopes.length === 0 && <p class="help">{texts.nowhere}</p>}
        <ul class="tree tree-flat" role="list">
          <ScopeTreeView node={tree} connection={connection} />
        </ul>
        {isTreeCut && <p class="help">{texts.cut}</p>}
      </div>
    </Card>
  );
}
