/** A permission set: the vendor's permissions with a reason for each statement, as a file that you review and commit. */
import { readFileSync } from 'node:fs';
import type { PolicyStatement } from './permissions';
import { POLICY_NAME } from './policy-name';

/** Options of {@link PermissionSet.fromFile}. */
export interface PermissionSetOptions {
  /**
   * Optional statements to leave out, by their `sid`.
   * @default - none
   */
  readonly without?: string[];
}

interface SetStatement {
  readonly sid: string;
  readonly reason: string;
  readonly actions: string[];
  readonly resources: string[];
  readonly conditions?: PolicyStatement['conditions'];
  readonly optional?: boolean;
  readonly check?: {
    readonly actions: readonly string[];
    readonly resources?: readonly string[];
    readonly context?: Readonly<Record<string, Scalar | readonly Scalar[]>>;
  };
}
type Scalar = string | number | boolean;

/** A question to IAM's simulator about a required statement: concrete actions and resources. */
export interface PermissionQuestion {
  readonly sid: string;
  readonly reason: string;
  /** The required answer. */
  readonly effect: 'Allow' | 'Deny';
  readonly actions: readonly string[];
  readonly resources: readonly string[];
  readonly context: readonly {
    readonly key: string;
    readonly type: string;
    readonly values: readonly string[];
  }[];
}

/**
 * A permission set of the vendor. `npx @rolebridge/constructs pull deploy@3` fetches the file; commit it, so that synth
 * is offline and a review shows the additions of a new version.
 *
 * @example
 * new AwsConnection(this, 'vendor', {
 *   ...props,
 *   permissions: PermissionSet.fromFile('permissions/deploy@3.json', { without: ['Cost'] }),
 * });
 */
export class PermissionSet {
  /** @throws Error that names the file and everything that is wrong in it */
  static fromFile(file: string, options: PermissionSetOptions = {}): PermissionSet {
    let value: unknown;
    try {
      value = JSON.parse(readFileSync(file, 'utf8'));
    } catch (error) {
      throw new Error(
        `${file} can't be read as a permission set: ${error instanceof Error ? error.message : error}`,
      );
    }
    const { without = [] } = options;
    const problems = problemsOf(value, without);
    if (problems.length > 0)
      throw new Error(
        `${file} is not a permission set:\n${problems.map((each) => `  - ${each}`).join('\n')}`,
      );
    // Checked above, member by member.
    const set = value as { name: string; version: number } & Record<string, never[] | undefined>;
    return new PermissionSet(
      `${set.name}@${set.version}`,
      [...without],
      [
        ...(set.statements ?? []).map((each) => toStatement(each, 'Allow')),
        ...(set.denies ?? []).map((each) => toStatement(each, 'Deny')),
      ].filter(({ sid }) => sid === undefined || !without.includes(sid)),
      set.managedPolicies ?? [],
      [
        ...(set.statements ?? []).flatMap((each) => questionsOf(each, 'Allow')),
        ...(set.denies ?? []).flatMap((each) => questionsOf(each, 'Deny')),
      ],
    );
  }

  private constructor(
    /** Name and version: `deploy@3`. */
    readonly id: string,
    /** The optional statements that are left out. */
    readonly without: string[],
    /** The allowed and denied statements of the role. */
    readonly statements: PolicyStatement[],
    /** Names of AWS's managed policies. */
    readonly managedPolicies: string[],
    /** Its questions to IAM's simulator. @internal */
    readonly questions: PermissionQuestion[],
  ) {}
}

const toStatement = (
  { sid, actions, resources, conditions }: SetStatement,
  effect: 'Allow' | 'Deny',
): PolicyStatement => ({ sid, effect, actions, resources, ...(conditions && { conditions }) });

/** IAM simulates concrete actions: a statement with wildcards or conditions needs a `check`, or is not simulated. */
function questionsOf(statement: SetStatement, effect: 'Allow' | 'Deny'): PermissionQuestion[] {
  const { sid, reason, conditions, check, optional } = statement;
  const { actions = statement.actions, resources = statement.resources, context = {} } = check ?? {};
  const isConcrete = (text: string) => !/[*?]|\$\{/.test(text);
  const isAskable =
    actions.every(isConcrete) &&
    resources.every((each) => each === '*' || isConcrete(each) || check?.resources !== undefined) &&
    (conditions === undefined || check !== undefined);
  if (optional === true || !isAskable) return [];
  const entries = Object.entries(context).map(([key, value]) => {
    const values = [value].flat();
    const kind = { number: 'numeric', boolean: 'boolean', string: 'string' }[
      typeof values[0] as 'number' | 'boolean' | 'string'
    ];
    return { key, type: Array.isArray(value) ? 'stringList' : kind, values: values.map(String) };
  });
  return [{ sid, reason, effect, actions, resources, context: entries }];
}

function problemsOf(value: unknown, without: unknown): string[] {
  if (!isObject(value)) return ['it must be a JSON object'];
  if (!Array.isArray(without))
    return [`without must be a list of sids; it is ${JSON.stringify(without)?.slice(0, 80)}`];
  const { name, version, statements = [], denies = [], managedPolicies = [] } = value;
  const lists = Object.entries({ statements, denies, managedPolicies });
  const noList = lists.filter(([, list]) => !Array.isArray(list)).map(([key]) => `${key} must be a list`);
  if (noList.length > 0) return noList;
  const all = [statements, denies].flat();
  const sids = all.map((each) => (isObject(each) ? each.sid : undefined));
  const optional = [statements]
    .flat()
    .flatMap((each) => (isObject(each) && each.optional === true ? [each.sid] : []));
  return [
    ...unless(
      isText(name, /^[a-z][a-z0-9-]{0,62}$/),
      'name must be small letters, digits and hyphens, with a letter first',
    ),
    ...unless(Number.isInteger(version) && Number(version) > 0, 'version must be a whole number from 1'),
    ...all.flatMap(statementProblems),
    ...sids.flatMap((sid, index) =>
      unless(sid === undefined || sids.indexOf(sid) === index, `${sid}: sid must be unique in the set`),
    ),
    ...[managedPolicies]
      .flat()
      .flatMap((each) =>
        unless(
          isText(each, POLICY_NAME.fits),
          `managedPolicies: ${JSON.stringify(each)} must be ${POLICY_NAME.rule}`,
        ),
      ),
    ...without.flatMap((sid) =>
      unless(optional.includes(sid), `without: ${JSON.stringify(sid)} is not an optional statement of it`),
    ),
  ];
}

const STATEMENT_RULES: readonly (readonly [
  member: string,
  fits: (value: unknown) => boolean,
  rule: string,
])[] = [
  ['sid', (sid) => isText(sid, /^[A-Za-z0-9]{1,64}$/), 'must be 1 to 64 letters and digits'],
  ['reason', (reason) => isText(reason), 'is missing'],
  ['actions', isTexts, 'must be a list of texts'],
  ['resources', isTexts, 'must be a list of texts'],
  ['conditions', (conditions = {}) => isObject(conditions), 'must be an object'],
  ['check', (check = { actions: ['*'] }) => isCheck(check), 'must be { actions, resources?, context? }'],
];

function statementProblems(value: unknown, index: number): string[] {
  if (!isObject(value)) return [`statement ${index + 1} must be an object`];
  const label = typeof value.sid === 'string' ? value.sid : `statement ${index + 1}`;
  return STATEMENT_RULES.filter(([member, fits]) => !fits(value[member])).map(
    ([member, , rule]) => `${label}: ${member} ${rule}`,
  );
}

const unless = (isFine: boolean, problem: string): string[] => (isFine ? [] : [problem]);

function isText(value: unknown, pattern: { test(text: string): boolean } = /./s): boolean {
  return typeof value === 'string' && pattern.test(value);
}

function isTexts(list: unknown): boolean {
  return Array.isArray(list) && list.length > 0 && list.every((each) => isText(each));
}

function isCheck(check: unknown): boolean {
  if (!isObject(check)) return false;
  const { actions, resources = ['*'], context = {} } = check;
  const isScalar = (value: unknown) => ['string', 'number', 'boolean'].includes(typeof value);
  return (
    isTexts(actions) &&
    isTexts(resources) &&
    isObject(context) &&
    Object.values(context).flat().every(isScalar)
  );
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
