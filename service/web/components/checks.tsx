import type { Check, CheckName } from '../../domain/verification.js';
import { useTexts } from '../page-context.js';
import { Words } from './basics.js';
import { Icon, type IconName } from './icon.js';

type CheckState = 'passed' | 'failed' | 'not_checked' | 'running' | 'skipped' | 'todo';

/** A check as it is shown: made, being made, or not made. */
export interface CheckRow {
  readonly name: CheckName;
  readonly state: CheckState;
  readonly message?: string | undefined;
  readonly at?: string | undefined;
}

const icons: Record<Exclude<CheckState, 'running'>, IconName> = {
  passed: 'ok',
  failed: 'bad',
  not_checked: 'none',
  skipped: 'none',
  todo: 'todo',
};

export const Checks = ({ rows }: { rows: readonly CheckRow[] }) => (
  <ul class="checks">
    {rows.map((row) => (
      <CheckItem {...row} />
    ))}
  </ul>
);

function CheckItem({ name, state, message, at }: CheckRow) {
  const texts = useTexts().checks;
  return (
    <li class="check" data-state={state}>
      {state === 'running' ? <span class="spin" /> : <Icon name={icons[state]} />}
      <div>
        <b>
          <span class="sr">{texts.states[state]}: </span>
          {texts.titles[name] ?? name}
        </b>
        {message && (
          <p lang={state === 'running' ? undefined : 'en'}>
            <Words text={message} />
          </p>
        )}
      </div>
      {at && (
        <span class="meta">
          <time datetime={at} title={`${at.slice(0, 19).replace('T', ' ')} UTC`}>
            {at.slice(11, 19)}
          </time>
        </span>
      )}
    </li>
  );
}

/** The checks of a role, in the order in which they are made. */
const roleChecks = [
  'role_arn',
  'not_vendor_account',
  'assumable',
  'account',
  'external_id_required',
  'external_id_exact',
  'trust_policy',
  'not_already_connected',
] as const satisfies readonly CheckName[];

/** The results of a verification, and skipped checks. */
export function rowsOf(checks: readonly Check[], rest: 'skipped' | 'todo' = 'skipped'): CheckRow[] {
  const made = checks.map(({ name, outcome, message, at }) => ({ name, state: outcome, message, at }));
  const isOfRole = checks.length === 0 || checks.some(({ name }) => name === 'role_arn');
  const hasEnded = checks.some(({ name }) => name === 'not_already_connected');
  if (!isOfRole || hasEnded) return made;
  const left = roleChecks.filter((name) => !checks.some((check) => check.name === name));
  const isPassed = rest === 'skipped' && checks.every(({ outcome }) => outcome === 'passed');
  return isPassed ? made : [...made, ...left.map((name) => ({ name, state: rest }) as const)];
}

/** Counts the rows in one of these states. */
export const countOf = (rows: readonly CheckRow[], ...states: readonly CheckState[]): number =>
  rows.filter(({ state }) => states.includes(state)).length;

/** The checks of a role while they are made: the next one is running. */
export function runningRows(checks: readonly Check[], message?: string): CheckRow[] {
  const rows = rowsOf(checks, 'todo');
  const next = rows.findIndex(({ state }) => state === 'todo');
  return rows.map((row, index) => (index === next ? { ...row, state: 'running', message } : row));
}
