/** The second step with a tool that reports the role: the code to deploy, and the wait for its report. */
import {
  Account,
  ButtonLink,
  Callout,
  Fold,
  PostButton,
  Time,
  WordItems,
  Words,
} from '../components/basics.js';
import { Code, CopyRows } from '../components/code.js';
import { Icon } from '../components/icon.js';
import { Pair } from '../components/pair.js';
import { accountOf } from '../components/status.js';
import { Waiting } from '../components/steps.js';
import { useTexts } from '../page-context.js';
import { secretVariable } from '../role-formats.js';
import { CheckForm } from './role-check.js';
import { type RoleStep, roleStepPath } from './role-step-state.js';

export function CodePanel(step: RoleStep) {
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

/** Values of the role, to copy one by one. */
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
      <Callout icon="key" title={texts.secretNeeded}>
        <PostButton
          path={`/connections/${connection.id}/callback-secret`}
          fields={{ permissions, format }}
          look="primary"
        >
          {texts.makeSecret}
        </PostButton>
        <span class="help">{texts.secretReplaces}</span>
      </Callout>
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
      <Callout kind="warn" icon="key" title={texts.secretOnce} role="status" line={texts.secretOnceLine} />
    </>
  );
}

/** The page continues when the stack has reported the role. */
export function WaitingForDeploy(step: RoleStep) {
  const { setup: texts, common } = useTexts();
  const account = accountOf(step.connection);
  return (
    <>
      <div class="section wait">
        <Waiting title={texts.waiting} line={texts.waitingLine}>
          <Pair state="waiting" size="sm" />
        </Waiting>
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
            <ButtonLink path={roleStepPath(step, step.format)}>{common.refresh}</ButtonLink>
          </noscript>
        )}
      </div>
      <div class="section">
        <Fold title={texts.arnInstead} open={step.arnError !== undefined}>
          <CheckForm {...step} />
        </Fold>
        <Fold title={texts.nothing} openAfterSeconds={120}>
          <ul class="help list">
            <WordItems texts={texts.nothingHelp(secretVariable)} />
          </ul>
        </Fold>
      </div>
    </>
  );
}
