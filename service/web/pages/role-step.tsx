import type { Connection, RoleRegistration } from '../../domain/connection.js';
import type { Check } from '../../domain/verification.js';
import type { PermissionPreset } from '../../templates/index.js';
import type { CheckResult } from '../check-result.js';
import {
  Account,
  Button,
  ButtonLink,
  Callout,
  Field,
  Fold,
  Form,
  PostButton,
  Time,
  useHref,
  Words,
} from '../components/basics.js';
import { Checks, runningRows } from '../components/checks.js';
import { Code, CopyRows } from '../components/code.js';
import { Icon } from '../components/icon.js';
import { Pair } from '../components/pair.js';
import { CheckEvidence, NoVerdict, OpenRole, PolicyToDeploy, Refusal } from '../components/refusal.js';
import { accountOf } from '../components/status.js';
import { Tell } from '../components/tell.js';
import { useTexts } from '../page-context.js';
import { type Format, formats, type RoleTemplate, secretVariable } from '../role-formats.js';

export interface RoleStep {
  readonly connection: Connection;
  readonly trust: RoleRegistration;
  readonly principal: string;
  readonly permissions: PermissionPreset;
  readonly format: Format;
  readonly template: RoleTemplate;
  /** Just made: it is shown this once. */
  readonly callbackSecret?: string | undefined;
  /** Just made, with a set-up code in it: it is shown this once. */
  readonly setupCommand?: string | undefined;
  /** That of the set-up code, where there is one. */
  readonly setupCodeExpiresAt?: string | undefined;
  /** What was entered or reported last. */
  readonly roleArn: string;
  readonly arnError?: string | undefined;
  readonly result?: CheckResult | undefined;
}

/** What is open in the second step: how to create the role, or what came of its check. */
export function RoleStepBody(step: RoleStep) {
  if (step.result?.kind === 'refused') return <FailedCheck {...step} result={step.result} />;
  if (step.result) return <UndecidedCheck {...step} result={step.result} />;
  return (
    <>
      <div class="section">
        <FormatTabs connection={step.connection} format={step.format} permissions={step.permissions} />
        {step.format === 'console' ? <ConsolePanel {...step} /> : <CodePanel {...step} />}
      </div>
      {step.format === 'console' ? (
        <div class="section">
          <CheckForm {...step} look="default" />
        </div>
      ) : (
        <WaitingForDeploy {...step} />
      )}
    </>
  );
}

function FormatTabs(props: { connection: Connection; format: Format; permissions: PermissionPreset }) {
  const texts = useTexts().setup;
  const href = useHref();
  return (
    <nav aria-label={texts.formats}>
      <ul class="tablist">
        {formats.map((format) => (
          <li class="tab">
            <a
              href={href(
                `/connections/${props.connection.id}/setup?${new URLSearchParams({ permissions: props.permissions, format })}#step`,
              )}
              aria-current={format === props.format ? 'true' : undefined}
            >
              {texts.format[format]}
            </a>
          </li>
        ))}
      </ul>
    </nav>
  );
}

function ConsolePanel({ connection, template, principal, trust }: RoleStep) {
  const texts = useTexts().setup;
  return (
    <div class="stack">
      <ol class="nums">
        {texts.consoleSteps(accountOf(connection)).map((step) => (
          <li>
            <Words text={step} />
          </li>
        ))}
      </ol>
      <div class="actions">
        <ButtonLink url={template.url} look="primary" size="lg">
          {texts.createInAws}
          <Icon name="out" />
        </ButtonLink>
        <span class="help">{texts.opensIam}</span>
      </div>
      <Code id="policy-to-add" title={texts.inlinePolicy} text={template.text} />
      {template.more && template.more.length > 0 && (
        <>
          <p class="help">
            <Words text={texts.morePolicies} />
          </p>
          {template.more.map((text, index) => (
            <Code id={`policy-${index + 2}`} title={texts.managedPolicy(index + 2)} text={text} />
          ))}
        </>
      )}
      <RoleValues trust={trust} principal={principal} />
      <p class="help">{texts.consoleNote}</p>
    </div>
  );
}

export function RoleValues({ trust, principal }: Pick<RoleStep, 'trust' | 'principal'>) {
  const texts = useTexts().setup;
  return (
    <>
      <CopyRows
        rows={[
          trust.pendingExternalId
            ? [texts.newExternalId, trust.pendingExternalId]
            : [texts.externalId, trust.externalId],
          [texts.principal, principal],
        ]}
      />
      <Fold title={texts.whatIsExternalId}>
        <p class="help">{texts.whatIsExternalIdAnswer}</p>
      </Fold>
    </>
  );
}

function CodePanel(step: RoleStep) {
  const texts = useTexts().setup;
  const { format, template } = step;
  return (
    <div class="stack">
      <p class="muted">
        <Words text={texts.help[template.url ? 'quickCreate' : format] ?? ''} />
      </p>
      {template.url && (
        <div class="actions">
          <ButtonLink url={template.url} look="primary" size="lg">
            {texts.openStack}
            <Icon name="out" />
          </ButtonLink>
        </div>
      )}
      {(format === 'cdktn' || format === 'cdktf') && <SetupCode {...step} />}
      <Code id="template" title={texts.files[format] ?? format} text={template.text} />
      {template.module && (
        <Fold title={texts.module}>
          <p class="help">{texts.moduleHelp}</p>
          <Code id="module" title={texts.module} text={template.module} />
        </Fold>
      )}
      <CallbackSecret {...step} />
      <RoleValues {...step} />
    </div>
  );
}

/** A whole project by one command, for customers without one. */
function SetupCode({ connection, format, permissions, setupCommand, setupCodeExpiresAt }: RoleStep) {
  const texts = useTexts().setup;
  const path = `/connections/${connection.id}/setup-code`;
  return (
    <Fold title={texts.newProject} open={setupCodeExpiresAt !== undefined}>
      <p class="help">{texts.newProjectHelp}</p>
      {setupCommand && <Code id="setup-command" title={texts.newProjectCommand} text={setupCommand} />}
      <div class="actions">
        {!setupCommand && (
          <PostButton path={path} fields={{ permissions, format }}>
            {texts.makeSetupCode}
          </PostButton>
        )}
        {setupCodeExpiresAt && (
          <>
            <PostButton path={`${path}/revoke`} fields={{ permissions, format }}>
              {texts.revokeSetupCode}
            </PostButton>
            <span class="help">
              {texts.setupCodeExpires} <Time iso={setupCodeExpiresAt} />
            </span>
          </>
        )}
      </div>
    </Fold>
  );
}

function CallbackSecret({ connection, format, permissions, callbackSecret }: RoleStep) {
  const texts = useTexts().setup;
  if (callbackSecret === undefined)
    return (
      <div class="callout">
        <Icon name="key" />
        <div>
          <strong>{texts.secretNeeded}</strong>
          <PostButton
            path={`/connections/${connection.id}/callback-secret`}
            fields={{ permissions, format }}
            look="primary"
          >
            {texts.makeSecret}
          </PostButton>
          <span class="help">{texts.secretReplaces}</span>
        </div>
      </div>
    );
  const commands = texts.commands[format];
  return (
    <>
      {commands === undefined ? (
        <CopyRows rows={[[texts.secret, callbackSecret]]} />
      ) : (
        <Code
          id="deploy"
          title={texts.deploy}
          text={`export ${secretVariable}='${callbackSecret}'\n${commands}`}
        />
      )}
      <Callout kind="warn" icon="key" title={texts.secretOnce} role="status">
        <span>{texts.secretOnceLine}</span>
      </Callout>
    </>
  );
}

/** The page continues when the stack has reported the role. */
function WaitingForDeploy(step: RoleStep) {
  const { setup: texts, common } = useTexts();
  const account = accountOf(step.connection);
  return (
    <>
      <div class="section wait">
        <div class="wait-in" role="status">
          <span class="spin" />
          <Pair state="waiting" size="sm" />
          <div>
            <h3>{texts.waiting}</h3>
            <p class="small muted">{texts.waitingLine}</p>
          </div>
        </div>
        <p class="small faint">
          {account && (
            <>
              {texts.waitingFor} <Account id={account} />.{' '}
            </>
          )}
          {texts.waitingClose}
        </p>
        {step.callbackSecret === undefined && (
          <noscript>
            <a
              class="btn"
              href={`?${new URLSearchParams({ permissions: step.permissions, format: step.format })}`}
            >
              {common.refresh}
            </a>
          </noscript>
        )}
      </div>
      <div class="section">
        <Fold title={texts.arnInstead} open={step.arnError !== undefined}>
          <CheckForm {...step} look="default" />
        </Fold>
        <Fold title={texts.nothing}>
          <ul class="help list">
            {texts.nothingHelp(secretVariable).map((line) => (
              <li>
                <Words text={line} />
              </li>
            ))}
          </ul>
        </Fold>
      </div>
    </>
  );
}

function CheckForm(step: RoleStep & { look: 'primary' | 'default' }) {
  const texts = useTexts().setup;
  return (
    <Form path={`/connections/${step.connection.id}/check`} kind="stack stack-3" check>
      <Chosen {...step} />
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
        <Button look={step.look === 'primary' ? 'primary' : undefined} busy={texts.checkingBusy}>
          {texts.check}
        </Button>
      </div>
    </Form>
  );
}

const Chosen = ({ permissions, format }: Pick<RoleStep, 'permissions' | 'format'>) => (
  <>
    <input type="hidden" name="permissions" value={permissions} />
    <input type="hidden" name="format" value={format} />
  </>
);

/** The same role once more. */
const CheckAgain = (step: RoleStep & { look?: 'primary' }) => {
  const texts = useTexts().setup;
  return (
    <Form path={`/connections/${step.connection.id}/check`} check>
      <Chosen {...step} />
      <input type="hidden" name="roleArn" value={step.roleArn} />
      <Button look={step.look} busy={texts.checkingBusy}>
        <Icon name="refresh" />
        {step.look ? texts.checkAgain : texts.checkNow}
      </Button>
    </Form>
  );
};

function FailedCheck(step: RoleStep & { result: CheckResult }) {
  const texts = useTexts();
  const { result } = step;
  return (
    <>
      <Tell event="failed" connection={step.connection} code={result.code} />
      <Refusal result={result} />
      <div class="section">
        {!result.message.includes(step.roleArn) && <p class="mono small muted break">{step.roleArn}</p>}
        <PolicyToDeploy result={result} externalId={step.trust.pendingExternalId ?? step.trust.externalId} />
        <div class="actions">
          <CheckAgain {...step} look="primary" />
          <OpenRole roleArn={step.roleArn} />
        </div>
        <Fold title={texts.failed.another}>
          <CheckForm {...step} look="default" />
        </Fold>
      </div>
      <CheckEvidence result={result} />
    </>
  );
}

function UndecidedCheck(step: RoleStep & { result: CheckResult }) {
  const { common } = useTexts();
  return (
    <>
      <div class="section">
        <NoVerdict result={step.result} />
        <p class="mono small muted break">{step.roleArn}</p>
        {step.result.checks.length > 0 && <Checks rows={runningRows(step.result.checks)} />}
        <div class="actions row-between">
          <CheckAgain {...step} />
          <a class="small" href={useHref()('/connections')}>
            {common.continueLater}
          </a>
        </div>
      </div>
      <CheckEvidence result={{ ...step.result, checks: [] }} />
    </>
  );
}

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
        <p class="mono small muted break">{props.roleArn}</p>
        <Checks rows={rows} />
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
