import { ButtonLink, WordItems, Words } from '../components/basics.js';
import { Code } from '../components/code.js';
import { FormatTabs } from '../components/format-tabs.js';
import { Icon } from '../components/icon.js';
import { accountOf } from '../components/status.js';
import { useTexts } from '../page-context.js';
import { CheckForm, FailedCheck, InconclusiveCheck } from './role-check.js';
import { CodePanel, RoleValues, WaitingForDeploy } from './role-code.js';
import { type RoleStep, roleStepPath } from './role-step-state.js';

/** The open part of the second step: instructions for the role, or the result of its check. */
export function RoleStepBody(step: RoleStep) {
  if (step.result?.kind === 'refused') return <FailedCheck {...step} result={step.result} />;
  if (step.result) return <InconclusiveCheck {...step} result={step.result} />;
  return (
    <>
      <div class="section">
        <FormatTabs chosen={step.format} pathOf={(format) => `${roleStepPath(step, format)}#step`} />
        {step.format === 'console' ? <ConsolePanel {...step} /> : <CodePanel {...step} />}
      </div>
      {step.format === 'console' ? (
        <div class="section">
          <CheckForm {...step} />
        </div>
      ) : (
        <WaitingForDeploy {...step} />
      )}
    </>
  );
}

function ConsolePanel({ connection, template, principal, trust }: RoleStep) {
  const texts = useTexts().setup;
  return (
    <div class="stack">
      <ol class="nums">
        <WordItems texts={texts.consoleSteps(accountOf(connection))} />
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
