import { type Connection, permissionSetOf, verificationOf } from '../../domain/connection.js';
import type { PermissionSetView } from '../../domain/permission-set-view.js';
import { AccountField, AccountStepForm, PermissionChoices } from '../components/account-fields.js';
import { Account, useHref } from '../components/basics.js';
import { countOf, rowsOf } from '../components/checks.js';
import type { PairState } from '../components/pair.js';
import { PermissionSetStatements } from '../components/permission-set.js';
import { ScopeFields } from '../components/scope-fields.js';
import { accountOf, assuranceOf, pairStateOf } from '../components/status.js';
import { CurrentStep, DoneStep, LaterStep, PairCard, Remark } from '../components/steps.js';
import { Crumbs, PageHead } from '../layout.js';
import { useTexts } from '../page-context.js';
import { AskAdministrator } from './administrator-link.js';
import { type AccountForm, Remarks } from './new-connection.js';
import { CheckProgress } from './role-check.js';
import { RoleStepBody } from './role-step.js';
import type { RoleStep } from './role-step-state.js';
import { isComplete, type ScopeChoices } from './scope-choices.js';

interface Setup {
  readonly connection: Connection;
  readonly open: 'account' | 'role' | 'scope';
  readonly account: AccountForm;
  /** A connected role is to be replaced. */
  readonly isReplacing: boolean;
  readonly roleStep: RoleStep | undefined;
  readonly progress: { readonly isPropagating: boolean } | undefined;
  readonly refreshPath: string | undefined;
  readonly scope: ScopeChoices | undefined;
  /** The role's permissions, if the vendor has permission sets. */
  readonly set: PermissionSetView | undefined;
  /** The connection's partition, if the vendor is in several. */
  readonly partition: string | undefined;
}

/** Changes when a deploy has reported a role, or another version of it. */
const roleKeyOf = (connection: Connection): string =>
  [
    connection.status,
    'roleArn' in connection && connection.roleArn,
    'roleId' in connection && connection.roleId,
    permissionSetOf(connection)?.version,
  ].join(' ');

/** The reason to create a role: a new connection, an access key to end, or a role to replace, in the console or as code. */
function flowOf({ connection, roleStep, isReplacing }: Setup): 'connect' | 'migrate' | 'replace' | 'code' {
  if (connection.method === 'access_key' && roleStep) return 'migrate';
  if (!isReplacing) return 'connect';
  return roleStep?.format === 'console' ? 'replace' : 'code';
}

/** One open step; those before are a line each, those after a title and a sentence. */
export function SetupPage(props: Setup) {
  const { setup: texts, list } = useTexts();
  const { connection, open, scope, partition } = props;
  const flow = flowOf(props);
  const heads = {
    connect: [texts.title, texts.lead],
    migrate: [texts.migrateTitle, texts.migrateLead],
    replace: [texts.replaceTitle, texts.replaceLead],
    code: [texts.codeTitle, texts.codeLead],
  } as const;
  const [title, lead] = heads[flow];
  const path = `/connections/${connection.id}`;
  const isNew = connection.status === 'pending' || (flow === 'connect' && !isComplete(connection));
  const name = partition && texts.forPartition(texts.partitions[partition] ?? partition);
  // A role in the place of another starts here; a named connection with a scope also ends here.
  const first = flow === 'connect' ? 2 : 1;
  const last = first === 1 && isComplete(connection) ? 1 : first + 1;
  return (
    <>
      <Crumbs
        links={[['/connections', list.title], ...(isNew ? [] : [[path, connection.name] as const])]}
        here={isNew ? texts.crumb : title}
      />
      <PageHead title={title} lead={name ? `${lead} ${name}` : lead} />
      <div data-live="status" data-reload data-then={props.isReplacing ? useHref()(path) : undefined}>
        <span hidden data-state={roleKeyOf(connection)} />
      </div>
      <div class="with-side">
        <ol class="steps">
          {flow === 'connect' && <FirstStep {...props} />}
          <SecondStep
            {...props}
            number={first}
            of={last}
            title={flow === 'code' ? texts.deployRole : texts.step2}
          />
          {scope ? (
            <CurrentStep number={3} of={3} title={texts.step3}>
              <ScopeFields {...scope} action={`${path}/finish`} withName />
            </CurrentStep>
          ) : (
            last > first && <LaterStep number={last} title={texts.step3} line={texts.step3Line} />
          )}
        </ol>
        <Aside
          connection={connection}
          open={open}
          state={stateOf(props)}
          stays={connection.status === 'connected' && open === 'role'}
        />
      </div>
    </>
  );
}

function SecondStep({
  connection,
  open,
  roleStep,
  progress,
  refreshPath,
  ...step
}: Setup & { number: number; of: number; title: string }) {
  const { step2, step2Line } = useTexts().setup;
  if (open === 'account') return <LaterStep number={2} title={step2} line={step2Line} />;
  if (open !== 'role' || roleStep === undefined) return <ConfirmedStep connection={connection} />;
  return (
    <CurrentStep {...step} failed={roleStep.result?.kind === 'refused'}>
      {progress ? (
        <CheckProgress {...progress} roleArn={roleStep.roleArn} checks={[]} refreshPath={refreshPath} />
      ) : (
        <RoleStepBody {...roleStep} />
      )}
    </CurrentStep>
  );
}

function stateOf({ connection, open, roleStep, progress }: Setup): PairState {
  if (progress) return 'checking';
  if (connection.status === 'connected') return pairStateOf(connection);
  if (roleStep?.result) return roleStep.result.kind === 'refused' ? 'failed' : 'waiting';
  return open === 'role' && roleStep && roleStep.format !== 'console' ? 'waiting' : 'pending';
}

function FirstStep({ connection, roleStep, open, account: form, set }: Setup) {
  const { setup: texts, steps } = useTexts();
  if (open === 'account')
    return (
      <CurrentStep number={1} of={3} title={texts.step1}>
        <AccountStepForm
          path={`/connections/${connection.id}/account`}
          account={
            connection.expectedAccountId === undefined ? (
              <AccountField value={form.account} error={form.wrong.account} />
            ) : (
              <p>
                {texts.account}: <Account id={connection.expectedAccountId} />
              </p>
            )
          }
        >
          {set ? (
            <PermissionSetStatements view={set} choose={`optional-${set.id.split('@')[0]}`} />
          ) : (
            <PermissionChoices chosen={form.permissions} error={form.wrong.permissions} />
          )}
        </AccountStepForm>
      </CurrentStep>
    );
  if (connection.method === 'access_key') return null;
  const preset = roleStep && texts.presets[roleStep.permissions];
  const account = accountOf(connection);
  return (
    <DoneStep
      number={1}
      title={texts.step1}
      line={
        <>
          {account && <Account id={account} />}
          {account && ' · '}
          {set ? set.title : preset?.[0]}
        </>
      }
      change={
        connection.status === 'pending'
          ? [
              `/connections/${connection.id}/setup?step=account&permissions=${roleStep?.permissions ?? ''}`,
              steps.change,
            ]
          : undefined
      }
    />
  );
}

function ConfirmedStep({ connection }: { connection: Connection }) {
  const { setup: texts, steps, checks, status } = useTexts();
  const assurance = assuranceOf(connection);
  const passed = countOf(rowsOf(verificationOf(connection)?.checks ?? []), 'passed');
  const isRole = connection.method === 'assume_role';
  return (
    <DoneStep
      number={2}
      title={isRole ? texts.confirmed : texts.keyConfirmed}
      line={
        <>
          <Account id={accountOf(connection)} />
          {assurance && ` · ${status[assurance]}`} · {checks.passed(passed)}
        </>
      }
      change={[`/connections/${connection.id}`, steps.view]}
    />
  );
}

function Aside(
  props: Pick<Setup, 'connection' | 'open'> & {
    state: PairState;
    /** The connected role or key stays until the new role has passed. */
    stays: boolean;
  },
) {
  const { connection, open, state } = props;
  const [isRole, isScope] = [open === 'role', open === 'scope'];
  const texts = useTexts().setup;
  const account = accountOf(connection);
  const lines: Record<PairState, string> = {
    pending: texts.notConnected,
    waiting: texts.waitingForRole,
    checking: texts.checking,
    failed: texts.mustCorrect,
    tested: texts.connectedTo,
    proven: texts.connectedTo,
    disconnected: texts.notConnected,
  };
  return (
    <aside class="stack" aria-label={texts.title}>
      <PairCard
        state={state}
        line={
          <>
            {props.stays ? texts.stays : lines[state]}{' '}
            {!props.stays && (isScope || state === 'waiting') && account && <Account id={account} />}
          </>
        }
      />
      {isScope ? (
        <div class="small muted stack stack-2 remarks">
          <Remark icon="info">{texts.renameNote}</Remark>
        </div>
      ) : (
        <>
          {isRole && <AskAdministrator connection={connection} />}
          <Remarks />
        </>
      )}
    </aside>
  );
}
