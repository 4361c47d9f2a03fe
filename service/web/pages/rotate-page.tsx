import type { Child } from 'hono/jsx';
import { type RoleConnection, verificationOf } from '../../domain/connection.js';
import type { CheckResult } from '../check-result.js';
import { AsideCard, ButtonLink, Callout, Link, PostButton, WordItems, Words } from '../components/basics.js';
import { Checks, rowsOf } from '../components/checks.js';
import { Code, type CodeLine, CopyRows, differences } from '../components/code.js';
import { FormatTabs } from '../components/format-tabs.js';
import { Icon } from '../components/icon.js';
import { CheckEvidence, NoVerdict, OpenRole, Refusal } from '../components/refusal.js';
import { assuranceOf } from '../components/status.js';
import { Waiting } from '../components/steps.js';
import { ConnectionHead } from '../layout.js';
import { useTexts } from '../page-context.js';
import type { Format } from '../role-formats.js';
import { withQuery } from '../site.js';

export interface Rotation {
  readonly connection: RoleConnection;
  readonly stage: 'confirm' | 'deploy' | 'old_accepted' | 'done';
  readonly format: Format;
  readonly change: { readonly before: string; readonly after: string } | undefined;
  readonly result?: CheckResult | undefined;
  /** It was checked, and the role still has the current external ID. */
  readonly isUnchanged?: boolean | undefined;
}

export function RotatePage(rotation: Rotation) {
  const { rotate: texts } = useTexts();
  const { connection, stage } = rotation;
  return (
    <>
      <ConnectionHead connection={connection} title={texts.title} lead={texts.lead} />
      <div data-live="status" data-reload>
        <span hidden data-state={`${stage} ${connection.pendingExternalId ?? ''}`} />
      </div>
      <div class="with-side">
        <div class="stack">
          {stage !== 'confirm' && <Progress stage={stage} />}
          {stage === 'confirm' && <Confirm connection={connection} />}
          {stage === 'deploy' && <Deploy {...rotation} />}
          {stage === 'old_accepted' && <OldAccepted {...rotation} />}
          {stage === 'done' && <Done connection={connection} />}
        </div>
        <aside class="stack" aria-label={texts.changedMind}>
          {(stage === 'deploy' || stage === 'old_accepted') && (
            <AsideCard title={texts.changedMind} line={texts.cancelLine}>
              <PostButton path={`/connections/${connection.id}/external-id/cancel`} size="sm">
                {texts.cancel}
              </PostButton>
            </AsideCard>
          )}
          <p class="small muted remarks">{texts.why}</p>
        </aside>
      </div>
    </>
  );
}

function Progress({ stage }: { stage: Exclude<Rotation['stage'], 'confirm'> }) {
  const texts = useTexts().rotate;
  const reached = { deploy: 1, old_accepted: 2, done: 3 }[stage];
  const lines = [
    reached > 1 ? undefined : texts.created,
    reached > 1 ? texts.accepted : texts.stillWorks,
    reached > 2 ? texts.denied : texts.weCheck,
  ];
  return (
    <ol class="rot" aria-label={useTexts().steps.current(reached + 1, 3)}>
      {texts.steps.map((title, index) => (
        <li
          class={index < reached ? 'rot-done' : index === reached ? 'rot-now' : undefined}
          aria-current={index === reached ? 'step' : undefined}
        >
          <span>{index < reached ? <Icon name="check" small /> : index + 1}</span>
          <b>{title}</b>
          <small>{lines[index]}</small>
        </li>
      ))}
    </ol>
  );
}

function Confirm({ connection }: { connection: RoleConnection }) {
  const { rotate: texts, common } = useTexts();
  return (
    <section class="card" aria-labelledby="confirm">
      <div class="section">
        <h2 id="confirm">{texts.confirmTitle}</h2>
        <ol class="nums">
          {texts.confirm.map((line) => (
            <li>{line}</li>
          ))}
        </ol>
        <div class="actions">
          <PostButton path={`/connections/${connection.id}/external-id`} look="primary">
            {texts.start}
          </PostButton>
          <ButtonLink path={`/connections/${connection.id}`}>{common.cancel}</ButtonLink>
        </div>
      </div>
    </section>
  );
}

function Deploy(rotation: Rotation) {
  const { rotate: texts, setup, common, steps } = useTexts();
  const { connection, result } = rotation;
  return (
    <section class="card" aria-labelledby="deploy">
      {result?.kind === 'refused' && <Refusal result={result} />}
      <div class="section">
        {result?.kind === 'inconclusive' && <NoVerdict result={result} />}
        {rotation.isUnchanged && (
          <Callout icon="clock" role="status" title={texts.notYet} line={texts.notYetLine} />
        )}
        <h2 id="deploy">{texts.changeLine}</h2>
        <CopyRows rows={[[setup.newExternalId, connection.pendingExternalId ?? '']]} />
        <FormatTabs
          chosen={rotation.format}
          pathOf={(format) =>
            withQuery(`/connections/${connection.id}/rotate`, { to: connection.pendingExternalId, format })
          }
        />
        <Instructions {...rotation} />
      </div>
      <div class="section wait">
        <Waiting title={texts.waiting} line={texts.waitingLine} />
      </div>
      <div class="section">
        <div class="actions row-between">
          <CheckNow {...rotation} title={setup.checkNow} />
          <Link kind="small" path={`/connections/${connection.id}`}>
            {common.continueLater}
          </Link>
        </div>
        <span class="sr">{steps.current(2, 3)}</span>
      </div>
      {result?.kind === 'refused' && <CheckEvidence result={result} />}
    </section>
  );
}

const CheckNow = (props: Rotation & { title: string; look?: 'primary' }) => (
  <PostButton
    path={`/connections/${props.connection.id}/rotate`}
    fields={{ format: props.format }}
    look={props.look}
    busy={useTexts().setup.checkingBusy}
  >
    <Icon name="refresh" />
    {props.title}
  </PostButton>
);

function Instructions({ connection, format, change }: Rotation) {
  const { rotate: texts, setup } = useTexts();
  if (change === undefined) return null;
  const isPolicy = format === 'console' || format === 'aws-cli';
  const lines = differences(change.before, change.after);
  const roleArn = 'roleArn' in connection ? connection.roleArn : '';
  const code: Child = (
    <Code
      id="change"
      title={isPolicy ? texts.policy : (setup.files[format] ?? format)}
      lines={isPolicy ? lines : around(lines)}
      isExcerpt={!isPolicy}
      copyTitle={texts.copyPolicy}
    />
  );
  if (format === 'console')
    return (
      <>
        <ol class="nums">
          <WordItems texts={texts.console} />
        </ol>
        {code}
        <div class="actions">{roleArn && <OpenRole roleArn={roleArn} look="primary" />}</div>
      </>
    );
  return (
    <>
      <p class="muted">
        <Words text={format === 'aws-cli' ? texts.cli : texts.code} />
      </p>
      {code}
      {format === 'aws-cli' && (
        <Code
          id="update"
          title={texts.update}
          text={`aws iam update-assume-role-policy \\\n  --role-name ${roleArn.split('/').at(-1) || 'NAME'} \\\n  --policy-document file://trust.json`}
        />
      )}
    </>
  );
}

/** The changed lines of a long text, with three lines around each. */
function around(lines: readonly CodeLine[]): CodeLine[] {
  const isNear = lines.map((_, index) =>
    lines.slice(Math.max(0, index - 3), index + 4).some(({ change }) => change !== undefined),
  );
  return lines.flatMap((line, index) => {
    if (isNear[index]) return [line];
    return isNear[index + 1] && index > 0 ? [{ text: '…' }] : [];
  });
}

function OldAccepted(rotation: Rotation) {
  const { rotate: texts, setup } = useTexts();
  const { connection, change, result } = rotation;
  const roleArn = 'roleArn' in connection ? connection.roleArn : '';
  return (
    <section class="card">
      <div class="section">
        {result?.kind === 'inconclusive' && <NoVerdict result={result} />}
        <Callout
          kind="warn"
          icon="alert"
          role="alert"
          title={texts.oldAccepted}
          line={texts.oldAcceptedLine}
        />
        {change && (
          <Code
            id="change"
            title={texts.policy}
            lines={differences(change.before, change.after)}
            copyTitle={texts.copyPolicy}
          />
        )}
        <div class="actions">
          <CheckNow {...rotation} title={setup.checkAgain} look="primary" />
          {roleArn && <OpenRole roleArn={roleArn} />}
        </div>
      </div>
    </section>
  );
}

function Done({ connection }: { connection: RoleConnection }) {
  const texts = useTexts().rotate;
  const shown = [
    'assumable',
    'previous_external_id',
    'external_id_required',
    'external_id_exact',
    'trust_policy',
  ];
  const rows = rowsOf(verificationOf(connection)?.checks ?? [])
    .filter(({ name }) => shown.includes(name))
    .map((row) => ({ ...row, message: undefined }));
  const isProven = assuranceOf(connection) === 'proven';
  return (
    <section class="card">
      <div class="section">
        <Callout
          kind="ok"
          icon={isProven ? 'proven' : 'ok'}
          role="status"
          title={texts.done}
          more="moment"
          line={texts.doneLine}
        />
        <Checks rows={rows} />
        <div class="actions">
          <ButtonLink path={`/connections/${connection.id}`} look="primary">
            {texts.backTo}
          </ButtonLink>
        </div>
      </div>
    </section>
  );
}
