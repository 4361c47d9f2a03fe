/**
 * The program that Terraform runs to report a role (`role.provisioned`) or its deletion (`role.deprovisioned`), or to
 * check the inputs before there is a role (`connection.check`). It needs Node 18 or newer and nothing else, and reads
 * everything from the environment (`readTask`).
 *
 * It prints neither the secret nor a signature. Exit code 0: done, or a deregistration that failed with a warning.
 */
import { waitText } from './attempts';
import {
  type CallbackEvent,
  type Failure,
  objectsOf,
  secretVariable,
  send,
  TIMEOUT_SECONDS,
  textOf,
} from './core';
import {
  accountOf,
  checkLines,
  checksOf,
  connectedDetails,
  connectedLines,
  connectedTo,
  failureLines,
  type Inputs,
  notCheckedLines,
  wrapped,
} from './messages';
import type { Answer } from './network';
import { type Place, shell, terraform } from './place';

const EVENTS = ['role.provisioned', 'role.deprovisioned', 'connection.check'] as const;

interface Task {
  readonly type: (typeof EVENTS)[number];
  readonly label: string;
  readonly event: CallbackEvent;
  readonly roleArn: string;
  readonly expectedAccountId: string;
  /** A failure is a warning: it does not stop the destroy. */
  readonly onlyWarns: boolean;
  readonly place: Place;
  readonly inputs: Inputs;
}

/** Texts that are never printed, whatever an answer contains. */
const secrets: string[] = [];

main(process.env).then(
  (code) => {
    // Not process.exit(): output to a pipe may not be written yet.
    process.exitCode = code;
  },
  (error: unknown) => {
    say(`the callback failed: ${error instanceof Error ? error.message : error}`);
    process.exitCode = onlyWarns(process.env) ? 0 : 1;
  },
);

async function main(env: NodeJS.ProcessEnv): Promise<number> {
  const task = readTask(env);
  const startedAt = Date.now();
  printStart(task);
  const wrong = invalid(task);
  const outcome = wrong ? { failure: wrong } : await send(task.event, task.place, printWait);
  if ('failure' in outcome) return printFailure(task, outcome.failure);
  return task.type === 'connection.check'
    ? printChecks(task, outcome.answer)
    : printDone(task, outcome.answer, Date.now() - startedAt);
}

/** A deregistration is a warning when it fails. Declared, not assigned: `main` above runs before an assignment would. */
function onlyWarns(env: NodeJS.ProcessEnv): boolean {
  return env.CONNECT_EVENT === 'role.deprovisioned' && env.CONNECT_FAIL_WHEN_UNREACHABLE !== 'true';
}

function readTask(env: NodeJS.ProcessEnv): Task {
  const text = (name: string): string => env[`CONNECT_${name}`] ?? '';
  const type = EVENTS.find((known) => known === text('EVENT'));
  if (type === undefined) throw new Error(`CONNECT_EVENT is ${JSON.stringify(text('EVENT'))}.`);
  const connectionId = text('CONNECTION_ID');
  const seconds = Number(text('DEADLINE_SECONDS'));
  const isDestroy = type === 'role.deprovisioned';
  const usual = isDestroy ? TIMEOUT_SECONDS.deregister : TIMEOUT_SECONDS.register;
  const without = text('WITHOUT').split(',').filter(Boolean);
  const given = {
    roleArn: text('ROLE_ARN'),
    roleId: text('ROLE_ID'),
    ...(type === 'role.provisioned' && text('SCOPE') !== '' && { scope: JSON.parse(text('SCOPE')) }),
    ...(type === 'connection.check' && { accountId: text('ACCOUNT_ID'), externalId: text('EXTERNAL_ID') }),
    ...(!isDestroy && {
      permissionSet: text('PERMISSION_SET'),
      ...(without.length > 0 && { without }),
    }),
  };
  const data = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== ''));
  const place = text('PLACE') === 'shell' ? shell(env) : terraform(env, isDestroy);
  return {
    type,
    place,
    label: text('LABEL') || 'connect',
    event: {
      type,
      url: text('CALLBACK_URL'),
      secret: readSecret(env, connectionId),
      data: { connectionId, ...data },
      timeoutMs: (seconds > 0 ? seconds : usual) * 1000,
    },
    roleArn: text('ROLE_ARN'),
    expectedAccountId: text('EXPECTED_ACCOUNT_ID'),
    onlyWarns: onlyWarns(env),
    inputs: {
      externalId: text('EXTERNAL_ID'),
      principal: text('PRINCIPAL'),
      isHcl: text('INPUTS') === 'hcl',
      again: place.again,
      ownsRole: text('EXTERNAL_ID') !== '',
    },
  };
}

/** White space around a secret belongs to the file or variable that it came from. */
function readSecret(env: NodeJS.ProcessEnv, connectionId: string): string {
  const names = [
    'CONNECT_CALLBACK_SECRET_FROM_VARIABLE',
    secretVariable(connectionId),
    'CONNECT_CALLBACK_SECRET',
  ];
  const secret = names.map((name) => (env[name] ?? '').trim()).find(Boolean) ?? '';
  secrets.push(...[secret, secret.replace(/^whsec_/, '')].filter(Boolean));
  return secret;
}

/** Faults that are found before anything is sent. */
function invalid({ type, roleArn, expectedAccountId }: Task): Failure | undefined {
  const account = accountOf(roleArn);
  if (type !== 'role.provisioned' || expectedAccountId === '' || account === expectedAccountId)
    return undefined;
  return {
    code: 'account_mismatch',
    detail: `The role ${roleArn} is in account ${account ?? '(none)'}, and this connection is for account ${expectedAccountId}. Nothing was sent.`,
    remedy: `Deploy with AWS credentials of account ${expectedAccountId}, or correct the expected account.`,
  };
}

function printStart({ type, label, event }: Task): void {
  const upTo = `(up to ${event.timeoutMs / 1000} s)`;
  if (type === 'role.provisioned') say(`${label}: role reported, checking it ${upTo}`);
  else if (type === 'role.deprovisioned') say(`${label}: reporting that the role will be deleted ${upTo}`);
  else say(`${label}: checking secret, URL and account ${upTo}`);
}

function printWait(reason: string, waitMs: number): void {
  for (const line of wrapped(waitText(reason, waitMs), 8)) print(line.replace(/^ {8}/, '  ...   '));
}

function printDone({ type, label, roleArn }: Task, answer: Answer, tookMs: number): number {
  const { body = {} } = answer;
  if (type === 'role.deprovisioned') {
    say(`${label}: disconnected`);
    return 0;
  }
  printBlock(connectedLines(answer, tookMs));
  say(`${label}: ${connectedTo(body, roleArn)}`);
  for (const line of connectedDetails(body)) print(line);
  return 0;
}

function printChecks(task: Task, answer: Answer): number {
  const checks = objectsOf(answer.body?.checks);
  const failed = checks.find(({ outcome }) => outcome === 'failed');
  if (failed !== undefined)
    return printFailure(task, {
      code: textOf(failed.code) ?? 'check_failed',
      detail: textOf(failed.message) ?? 'A check failed.',
      remedy: textOf(failed.remedy) ?? `Correct the input, then ${task.place.again}.`,
      answer,
    });
  printBlock(checks.flatMap(checkLines));
  say(`${task.label}: ready to connect`);
  for (const line of notCheckedLines(checks)) print(line);
  return 0;
}

/** @returns the exit code */
function printFailure({ type, label, onlyWarns: isWarning, inputs }: Task, failure: Failure): number {
  const head =
    type === 'role.deprovisioned'
      ? `${isWarning ? 'warning' : 'error'}: the service was not notified of the removal`
      : type === 'connection.check'
        ? 'not ready to connect'
        : 'not connected';
  printBlock(checksOf(failure.answer?.body ?? {}).flatMap(checkLines));
  say(`${label}: ${head} (${failure.code})`);
  // The role will be gone: repeating the destroy can't help.
  const hasRemedy = !(isWarning && failure.isInconclusive);
  for (const line of failureLines(hasRemedy ? failure : { ...failure, remedy: '' }, inputs)) print(line);
  if (isWarning) say(`${label}: the destroy continues; the service finds out at its next check`);
  return isWarning ? 0 : 1;
}

/** Lines, and a blank one below. */
function printBlock(lines: readonly string[]): void {
  for (const line of lines.length > 0 ? [...lines, ''] : []) print(line);
}

function say(text: string): void {
  const [first = '', ...others] = wrapped(text, 0);
  print(first);
  for (const line of others) print(`  ${line}`);
}

/** Text of an answer can't control the terminal, start a new line or repeat the secret. */
function print(text: string): void {
  // The second: an HMAC-SHA256 in base64, so also the signature.
  let line = text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, ' ').replace(/[A-Za-z0-9+/]{43}=/g, '[hidden]');
  for (const secret of secrets) line = line.split(secret).join('[hidden]');
  process.stdout.write(`${line.slice(0, 2_000)}\n`);
}
