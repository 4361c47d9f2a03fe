/** The check in the second step: its form, its progress and its result. */
import type { Check } from '../../domain/verification.js';
import { mayOpen } from '../access.js';
import type { CheckResult } from '../check-result.js';
import { Arn, Button, ButtonLink, Fold, Form, Link } from '../components/basics.js';
import { type CheckRow, Checks, rowsOf, runningRows } from '../components/checks.js';
import { EmbedMessage } from '../components/embed-message.js';
import { Field } from '../components/field.js';
import { Icon } from '../components/icon.js';
import { CheckEvidence, NoVerdict, OpenRole, PolicyToDeploy, Refusal } from '../components/refusal.js';
import { usePage, useTexts } from '../page-context.js';
import type { RoleStep } from './role-step-state.js';

const checkPath = ({ connection }: RoleStep) => `/connections/${connection.id}/check`;

export function CheckForm(step: RoleStep) {
  const texts = useTexts().setup;
  const { permissions, format } = step;
  return (
    <Form path={checkPath(step)} kind="stack stack-3" hidden={{ permissions, format }} check>
      <Field
        name="roleArn"
        label={texts.arn}
        value={step.roleArn}
        error={step.arnError}
        help={texts.arnHelp}
        placeholder="arn:aws:iam::123456789012:role/name"
        maxlength={2048}
        mono
        arn
      />
      <div>
        <Button busy={texts.checkingBusy}>{texts.check}</Button>
      </div>
    </Form>
  );
}

/** The same role once more. */
function CheckAgain(step: RoleStep & { look?: 'primary'; afterSeconds?: number }) {
  const texts = useTexts().setup;
  const { permissions, format, roleArn, afterSeconds } = step;
  return (
    <Form path={checkPath(step)} hidden={{ permissions, format, roleArn }} check afterSeconds={afterSeconds}>
      <Button look={step.look} busy={texts.checkingBusy}>
        <Icon name="refresh" />
        {step.look ? texts.checkAgain : texts.checkNow}
      </Button>
    </Form>
  );
}

export function FailedCheck(step: RoleStep & { result: CheckResult }) {
  const { failed: texts, success } = useTexts();
  const { result } = step;
  const isOtherAccount =
    result.code === 'account_mismatch' && mayOpen(usePage().session, 'GET /connections/new');
  return (
    <>
      <EmbedMessage event="failed" connection={step.connection} code={result.code} />
      <Refusal result={result} />
      <div class="section">
        {!result.message.includes(step.roleArn) && <RoleArn {...step} />}
        <PolicyToDeploy result={result} externalId={step.trust.pendingExternalId ?? step.trust.externalId}>
          <div class="actions">
            <CheckAgain {...step} look="primary" />
            <OpenRole roleArn={step.roleArn} />
            {isOtherAccount && <ButtonLink path="/connections/new">{success.another}</ButtonLink>}
          </div>
        </PolicyToDeploy>
        <Fold title={texts.another}>
          <CheckForm {...step} />
        </Fold>
      </div>
      <CheckEvidence result={result} />
    </>
  );
}

export function InconclusiveCheck(step: RoleStep & { result: CheckResult }) {
  const { common } = useTexts();
  const afterSeconds = Math.max(leastSecondsToNextCheck, step.result.retryAfterSeconds ?? 0);
  return (
    <>
      <div class="section">
        <NoVerdict result={step.result} afterSeconds={afterSeconds} />
        <RoleArn {...step} />
        {step.result.checks.length > 0 && <Checks rows={rowsOf(step.result.checks, 'todo').map(titleOnly)} />}
        <div class="actions row-between">
          <CheckAgain {...step} afterSeconds={afterSeconds} />
          <Link kind="small" path="/connections">
            {common.continueLater}
          </Link>
        </div>
      </div>
      <CheckEvidence result={{ ...step.result, checks: [] }} />
    </>
  );
}

/** The page's script repeats a check without a verdict at most this often. */
const leastSecondsToNextCheck = 30;

const RoleArn = ({ roleArn }: { roleArn: string }) => (
  <p class="muted">
    <Arn arn={roleArn} />
  </p>
);

/** During a check, a passed row shows its title only. */
const titleOnly = (row: CheckRow): CheckRow =>
  row.state === 'passed' ? { ...row, message: undefined } : row;

/** A check while it is made. */
export function CheckProgress(props: {
  roleArn: string;
  checks: readonly Check[];
  isPropagating: boolean;
  refreshPath?: string | undefined;
}) {
  const { setup: texts, common } = useTexts();
  const rows = runningRows(props.checks, props.isPropagating ? texts.propagating : texts.asking);
  const done = props.checks.length;
  return (
    <>
      <div class="section">
        <div class="section-head">
          <h3 id="progress">{texts.checking}</h3>
          <span class="small faint" aria-hidden="true">
            {texts.progress(done, rows.length)}
          </span>
        </div>
        <progress class="bar" max={rows.length} value={done} aria-labelledby="progress">
          {texts.progress(done, rows.length)}
        </progress>
        <RoleArn roleArn={props.roleArn} />
        <Checks rows={rows.map(titleOnly)} />
      </div>
      <div class="section">
        <div class="actions row-between">
          <span class="small muted">{texts.checkingLine}</span>
          {props.refreshPath && (
            <a class="btn btn-sm" href={props.refreshPath}>
              {common.refresh}
            </a>
          )}
        </div>
      </div>
    </>
  );
}
