/** The output of a deploy. Lines have at most 78 columns, so that Terraform wraps none; values stay whole. */
import { type Failure, objectsOf, textOf } from './core';
import { type Answer, objectOf } from './network';

/** The role's values in the stack, to compare with those that the service expects. */
export interface Inputs {
  readonly externalId: string;
  readonly principal: string;
  /** Whether the stack writes `external_id = "…"`, and not `externalId: '…'`. */
  readonly isHcl: boolean;
  /** The step that sends the callback again. */
  readonly again: string;
  /** Whether this stack owns the trust policy, so that an input and no policy is to be changed. */
  readonly ownsRole: boolean;
}

const WIDTH = 78;

/** Lines of a connected answer, below the first one. */
export function connectedLines(answer: Answer, tookMs: number): string[] {
  const { body = {} } = answer;
  const checks = objectsOf(objectOf(body.verification)?.checks);
  const passed = checks.filter(({ outcome }) => outcome === 'passed').length;
  return checks.length === 0
    ? []
    : [`  ok    ${passed} of ${checks.length} checks passed in ${Math.ceil(tookMs / 1000)} s`];
}

/** Account, name and assurance: the text after `connected`. */
export function connectedTo(body: Readonly<Record<string, unknown>>, roleArn: string): string {
  const account = textOf(body.accountId) ?? accountOf(roleArn) ?? 'your account';
  const name = textOf(body.accountName);
  const assurance = textOf(body.assurance);
  const permissions = textOf(body.permissions)?.replaceAll('_', ' ');
  return [
    `connected to ${account}${name ? ` (${name})` : ''}`,
    ...(assurance ? [assurance] : []),
    ...(permissions ? [`permissions ${permissions}`] : []),
  ].join(', ');
}

/** Notes of a connected answer. */
export function connectedDetails(body: Readonly<Record<string, unknown>>): string[] {
  const scopes = objectsOf(body.scopes).map(scopePath);
  const without = (Array.isArray(body.without) ? body.without : []).map(textOf).filter(Boolean);
  const set = textOf(body.permissionSet);
  const unproven = objectsOf(body.missingForProven).flatMap(
    ({ message, remedy }) => [textOf(message), textOf(remedy)].filter(Boolean).join(' ') || [],
  );
  const newest = textOf(body.newestPermissionSet);
  const report = objectOf(objectOf(body.verification)?.permissions);
  return [
    ...labelled('Scope', scopes.length > 0 ? scopes.join(', ') : 'none yet'),
    ...(set
      ? labelled('Allowed', `${set}${without.length > 0 ? `, without ${without.join(', ')}` : ''}`)
      : []),
    ...sidLines('Missing', report?.unavailable),
    ...sidLines('Skipped', report?.notChecked),
    ...(newest ? labelled('Update', `${newest} is available`) : []),
    ...[...objectsOf(body.warnings), ...unproven.map((message) => ({ message, code: undefined }))].flatMap(
      ({ message, code }) => labelled('Note', textOf(message) ?? textOf(code) ?? ''),
    ),
    ...detailsLines(body),
  ];
}

/** The statements that a list is about, with the reason of each. */
function sidLines(label: string, list: unknown): string[] {
  const reasons = new Map(objectsOf(list).map(({ sid, reason }) => [textOf(sid), textOf(reason) ?? '']));
  return [...reasons].slice(0, 20).flatMap(([sid, reason]) => labelled(label, `${sid}: ${reason}`));
}

/** Why, what to change, where to read more. */
export function failureLines(failure: Failure, inputs: Inputs): string[] {
  const { answer } = failure;
  const body = answer?.body ?? {};
  const change = [changeLines(body, inputs), externalIdLines(failure, inputs)].filter(
    ({ length }) => length > 0,
  );
  const isPlain = change.length === 0;
  const causes = isPlain ? objectsOf(objectOf(body.diagnosis)?.causes) : [];
  const sections = [
    [
      '  What is wrong',
      ...wrapped(failure.detail, 4),
      ...causes.flatMap(({ cause, likelihood, explanation }) =>
        wrapped(`- ${textOf(likelihood) ?? 'possible'}: ${textOf(explanation) ?? textOf(cause) ?? ''}`, 4),
      ),
    ],
    ...(isPlain ? [remedyLines(failure)] : change),
    isPlain && !inputs.ownsRole ? policyLines(body) : [],
    [...detailsLines(body), ...requestLines(answer)],
  ];
  return sections.filter(({ length }) => length > 0).flatMap((lines) => ['', ...lines]);
}

const remedyLines = ({ remedy }: Failure): string[] =>
  remedy === '' ? [] : ['  What to do', ...wrapped(remedy, 4)];

/** The checks of a refusal: the failed ones and, so that it is clear how far it came, those before. */
export function checksOf(body: Readonly<Record<string, unknown>>) {
  const { checks } = Array.isArray(body.checks) ? body : (objectOf(body.verification) ?? {});
  return objectsOf(checks);
}

/** One line for each check that was run. */
export function checkLines(check: Record<string, unknown>): string[] {
  const outcome = textOf(check.outcome);
  const mark = outcome === 'passed' ? 'ok  ' : outcome === 'failed' ? 'FAIL' : '-   ';
  const name = textOf(check.title) ?? titleOf(textOf(check.name));
  return name === undefined || outcome === 'skipped' ? [] : labelled(mark, name, 8);
}

/** Why a check was left out, and what that means for the deploy. */
export const notCheckedLines = (checks: readonly Record<string, unknown>[]): string[] =>
  checks
    .filter(({ outcome }) => outcome === 'not_checked')
    .flatMap(({ message }) => labelled('Note', textOf(message) ?? ''));

/** `external_id` as people write it. */
const titleOf = (name: string | undefined): string | undefined =>
  name
    ?.replaceAll('_', ' ')
    .replace(/\b(id|arn)\b/g, (word) => word.toUpperCase())
    .replace(/^./, (letter) => letter.toUpperCase());

/** The inputs whose value is another than the service expects, as a difference to copy. */
function changeLines(body: Readonly<Record<string, unknown>>, inputs: Inputs): string[] {
  const expected = expectedTrust(body);
  if (!inputs.ownsRole || expected === undefined) return [];
  const different = (['externalId', 'principal'] as const).filter(
    (name) => expected[name] !== undefined && inputs[name] !== '' && expected[name] !== inputs[name],
  );
  if (different.length === 0) return [];
  const snake = (name: string) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  return [
    `  Change this in your ${inputs.isHcl ? 'configuration' : 'stack'}`,
    ...different.flatMap((name) => {
      const start = inputs.isHcl ? `${snake(name)} = "` : `${name}: '`;
      const end = inputs.isHcl ? '"' : "',";
      const [old, next] = [inputs[name], expected[name] ?? ''];
      return [
        `    - ${start}${old}${end}`,
        `    + ${start}${next}${end}`,
        `${' '.repeat(6 + start.length + firstDifference(old, next))}^${confusable(old, next)}`,
      ];
    }),
    '',
    `  Then ${inputs.again}.`,
  ];
}

/** The check before a role does not tell which external ID is right: the secret alone must not be enough to learn it. */
function externalIdLines(failure: Failure, { externalId, isHcl, again }: Inputs): string[] {
  if (failure.code !== 'external_id_mismatch' || externalId === '') return [];
  return [
    `  Change this in your ${isHcl ? 'configuration' : 'stack'}`,
    `    - ${isHcl ? `external_id = "${externalId}"` : `externalId: '${externalId}',`}`,
    '    + the external ID on the page of this connection',
    '',
    `  Then ${again}.`,
  ];
}

/** External ID and principal of the expected trust policy's one statement. */
function expectedTrust(body: Readonly<Record<string, unknown>>) {
  const [statement] = objectsOf(expectedPolicy(body)?.Statement);
  if (statement === undefined) return undefined;
  return {
    externalId: textOf(objectOf(objectOf(statement.Condition)?.StringEquals)?.['sts:ExternalId']),
    principal: textOf(objectOf(statement.Principal)?.AWS),
  };
}

function policyLines(body: Readonly<Record<string, unknown>>): string[] {
  const policy = expectedPolicy(body);
  if (policy === undefined) return [];
  return ['  Trust policy that the role needs', ...JSON.stringify(policy, null, 2).split('\n').slice(0, 100)];
}

function expectedPolicy(body: Readonly<Record<string, unknown>>) {
  const given = body.trustPolicy ?? objectOf(body.diagnosis)?.trustPolicy;
  return objectOf(typeof given === 'string' ? parsed(given) : given);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function firstDifference(old: string, next: string): number {
  let index = 0;
  while (index < Math.min(old.length, next.length) && old[index] === next[index]) index += 1;
  return index;
}

/** Characters that people confuse when they type them. */
const NAMES: Record<string, string> = {
  '0': 'zero',
  O: 'capital O',
  o: 'letter o',
  '1': 'one',
  l: 'letter l',
  I: 'capital i',
};

function confusable(old: string, next: string): string {
  const index = firstDifference(old, next);
  const [was, is] = [NAMES[old[index] ?? ''], NAMES[next[index] ?? '']];
  return was && is ? ` ${is}, not ${was}` : '';
}

/** The page of the connection, or the page about the code (RFC 9457, 3.1.1). */
function detailsLines(body: Readonly<Record<string, unknown>>): string[] {
  const url = [objectOf(body.links)?.page, body.type]
    .map(textOf)
    .find((text) => /^https?:\/\/[\x21-\x7e]{1,500}$/.test(text ?? ''));
  if (url === undefined) return [];
  // Terraform wraps no long address that stands alone in its line.
  return 11 + url.length > WIDTH - 2 ? ['  Details', `  ${url}`] : [`  Details  ${url}`];
}

function requestLines(answer: Answer | undefined): string[] {
  const header = answer?.headers['request-id'] ?? answer?.headers['x-request-id'];
  const id = textOf(answer?.body?.requestId) ?? textOf(header);
  return id === undefined ? [] : labelled('Request', id);
}

/** A label, and a value below or beside it. */
const labelled = (label: string, text: string, indent = 11): string[] => {
  const [first = '', ...others] = wrapped(text, indent);
  return [`  ${label}`.padEnd(indent) + first.trimStart(), ...others];
};

/** Words are moved to the next line, and never broken: they may be values. A text without end is cut off. */
export function wrapped(text: string, indent: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.slice(0, 2_000).split(/\s+/).filter(Boolean)) {
    if (line !== '' && indent + line.length + 1 + word.length > WIDTH - 2) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line].map((each) => ' '.repeat(indent) + each);
}

/** The account in an ARN of IAM. */
export const accountOf = (roleArn: string): string | undefined =>
  /^arn:[^:]+:iam::(\d{12}):/.exec(roleArn)?.[1];

function scopePath(scope: Record<string, unknown>): string {
  const names = [scope.project, scope.environment, scope.architecture].map(textOf).filter(Boolean);
  return names.length > 0 ? names.join('/') : 'your whole organization';
}
