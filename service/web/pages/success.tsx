import { type Connection, verificationOf } from '../../domain/connection.js';
import type { PermissionSetView } from '../../domain/permission-set-view.js';
import { mayOpen } from '../access.js';
import { AssuranceDetails } from '../components/assurance.js';
import { Account, ButtonLink, Fold, Link, Words } from '../components/basics.js';
import { Checks, countOf, rowsOf } from '../components/checks.js';
import { EmbedMessage } from '../components/embed-message.js';
import { Icon } from '../components/icon.js';
import { levelIcons, levelOf, ScopePath } from '../components/scope.js';
import { accountOf, aliasOf, assuranceOf } from '../components/status.js';
import { Title } from '../layout.js';
import { usePage, useTexts } from '../page-context.js';
import { deployedSet } from '../permission-sets.js';
import type { Routes } from '../site.js';

/** The end of a set-up: the account and the verified facts. */
export function addSuccessPage(routes: Routes): void {
  routes.get('/connections/:id/connected', async (visit) => {
    const connection = await visit.connection();
    if (connection.status !== 'connected') return visit.seeOther(`/connections/${connection.id}`);
    await visit.loadTargetNames();
    return visit.send(<SuccessPage connection={connection} set={deployedSet(visit.site, connection)} />);
  });
}

function SuccessPage({ connection, set }: { connection: Connection; set: PermissionSetView | undefined }) {
  const { success: texts, scope } = useTexts();
  const { brand, session, embedOrigins } = usePage();
  const isEmbedded = embedOrigins.length > 0;
  const backUrl = isEmbedded ? undefined : (session?.returnUrl ?? brand.homeUrl);
  return (
    <div class="win">
      <EmbedMessage event="connected" connection={connection} />
      <div class="win-top" role="status">
        <svg class="win-tick" viewBox="0 0 96 96" aria-hidden="true">
          <circle class="win-ring" cx="48" cy="48" r="44" />
          <circle class="win-disc" cx="48" cy="48" r="36" />
          <path class="win-check" pathLength="1" d="m33 49.5 10.5 10.500 20-22.500" />
        </svg>
        <Title text={texts.title} />
        <p class="win-acct">
          <strong>{connection.name}</strong> <Account id={accountOf(connection)} /> {aliasOf(connection)}
        </p>
      </div>
      <section class="card" aria-labelledby="found">
        <Finding connection={connection} />
        <div class="section win-cols">
          <div class="stack stack-2">
            <h3>{scope.canDo}</h3>
            {set ? (
              <Abilities set={set} />
            ) : (
              <p class="small muted">
                {connection.method === 'assume_role' ? scope.canDoRole : scope.canDoKey}
              </p>
            )}
          </div>
          <div class="stack stack-2">
            <h3>{scope.applies}</h3>
            <Scopes connection={connection} />
          </div>
        </div>
        <div class="section">
          <div class="actions win-actions">
            {isEmbedded && (
              <button type="button" class="btn btn-primary btn-lg" data-close>
                {texts.done}
              </button>
            )}
            {backUrl && (
              <ButtonLink url={backUrl} leaves look="primary" size="lg">
                {texts.back}
                <Icon name="right" />
              </ButtonLink>
            )}
            <ButtonLink
              path={`/connections/${connection.id}`}
              look={backUrl || isEmbedded ? undefined : 'primary'}
              size="lg"
            >
              {texts.view}
            </ButtonLink>
          </div>
        </div>
      </section>
      {mayOpen(session, 'GET /connections/new') && (
        <p class="small muted win-more">
          <Link path="/connections/new">{texts.another}</Link>
        </p>
      )}
    </div>
  );
}

/** The set of permissions in short. */
function Abilities({ set }: { set: PermissionSetView }) {
  return (
    <ul class="ticks">
      {set.statements
        .filter(({ isLeftOut }) => !isLeftOut)
        .map(({ reason }) => (
          <li>
            <Icon name="check" small />
            <span>{reason}</span>
          </li>
        ))}
      {set.denies.map(({ reason }) => (
        <li class="faint">
          <Icon name="lock" small />
          <span>{reason}</span>
        </li>
      ))}
    </ul>
  );
}

/** The meaning of the checks, no more than was checked. */
function Finding({ connection }: { connection: Connection }) {
  const { checks: texts } = useTexts();
  const rows = rowsOf(verificationOf(connection)?.checks ?? []);
  const [title, line] = findingOf(connection, texts);
  const isProven = assuranceOf(connection) === 'proven';
  return (
    <div class="section win-proof">
      <span class="win-shield">
        <Icon name={isProven ? 'proven' : 'shield'} />
      </span>
      <div class="stack stack-2">
        <h2 id="found">{title}</h2>
        <p class="muted">
          <Words text={line} />
        </p>
        <AssuranceDetails connection={connection} />
        <Fold title={texts.evidence(countOf(rows, 'passed'))}>
          <Checks rows={rows} />
        </Fold>
      </div>
    </div>
  );
}

/** The meaning of a connected connection's checks, as a title and a sentence. */
export function findingOf(
  connection: Connection,
  texts: ReturnType<typeof useTexts>['checks'],
): readonly [title: string, line: string] {
  if (connection.method === 'access_key') return [texts.keyPassedTitle, texts.keyPassedLine];
  const assurance = assuranceOf(connection);
  if (assurance === 'proven') return [texts.provenTitle, texts.provenLine];
  if (assurance === 'tested') return [texts.testedTitle, texts.testedLine];
  return [texts.passedTitle, texts.passedLine];
}

function Scopes({ connection }: { connection: Connection }) {
  const { scope: texts } = useTexts();
  if (connection.scopes.length === 0) return <p class="small muted">{texts.nowhere}</p>;
  return (
    <>
      <ul class="ticks">
        {connection.scopes.map((scope) => (
          <li>
            <Icon name={levelIcons[levelOf(scope)]} small />
            <ScopePath scope={scope} />
          </li>
        ))}
      </ul>
      <p class="small muted">{texts.runs}</p>
    </>
  );
}
