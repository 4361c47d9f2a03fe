import type { PermissionDenial, PermissionSet } from '../permission-set.js';
import type { DeniedBy, JudgedPermissions, NotChecked, PermissionFinding } from './permissions-report.js';

/** One call of SimulatePrincipalPolicy: every action on every resource, with this context. */
export interface Simulation {
  readonly actions: readonly string[];
  readonly resources: readonly string[];
  readonly context: readonly ContextEntry[];
}

/** https://docs.aws.amazon.com/IAM/latest/APIReference/API_ContextEntry.html */
export interface ContextEntry {
  readonly key: string;
  readonly type: 'string' | 'stringList' | 'numeric' | 'boolean';
  readonly values: readonly string[];
}

/** IAM's answer for one action on one resource. */
export interface SimulatedDecision {
  readonly simulation: Simulation;
  readonly action: string;
  readonly resource: string;
  /** `allowed`, `explicitDeny`, `implicitDeny`, or a word that IAM has not had so far. */
  readonly decision: string;
  readonly missingContext: readonly string[];
  readonly allowedByOrganization?: boolean | undefined;
  readonly allowedByBoundary?: boolean | undefined;
}

/** Limits of IAM's simulator, for the report. */
export const notEvaluated = [
  'resource-based policies, such as those of buckets and keys',
  'resource control policies',
  'service control policies with conditions',
] as const;

const maxActions = 100;

type Question = { readonly entry: PermissionDenial; readonly kind: Kind; readonly simulation: Simulation };
type Kind = 'required' | 'optional' | 'denied';

/** The calls that ask about a set: statements with the same resources and context share them. */
export function simulationsFor(set: PermissionSet, without: readonly string[]): Simulation[] {
  const groups = new Map<string, Simulation>();
  for (const { simulation } of questionsOf(set, without)) {
    const { resources, context } = simulation;
    const key = JSON.stringify([resources, context]);
    const actions = [...new Set([...(groups.get(key)?.actions ?? []), ...simulation.actions])];
    groups.set(key, { actions, resources, context });
  }
  return [...groups.values()].flatMap(({ actions, ...rest }) =>
    chunks(actions, Math.max(1, Math.floor(maxActions / rest.resources.length))).map((some) => ({
      actions: some,
      ...rest,
    })),
  );
}

/**
 * Evaluates IAM's answers. A missing answer, or a denial with a missing context value, is "not checked", never
 * "missing". The state is `complete` only where IAM allowed all that statements require, and denied every denial: one that
 * was checked in part or not at all makes it `not_checked`. AWS's managed policies can't be asked about, so they are only listed.
 *
 * @param answers undefined where the role may not simulate
 */
export function judgePermissions(
  set: PermissionSet,
  without: readonly string[],
  answers: readonly SimulatedDecision[] | undefined,
): JudgedPermissions {
  const found: Record<Kind, PermissionFinding[]> = { required: [], optional: [], denied: [] };
  const notChecked: NotChecked[] = unaskedOf(set, without);
  const answered = new Map(answers?.map((answer) => [questionIn(answer), answer]));
  for (const { entry, kind, simulation } of questionsOf(set, without)) {
    const { sid, reason } = entry;
    const open = new Map<NotChecked['because'], string[]>();
    for (const action of simulation.actions)
      for (const resource of simulation.resources) {
        const because = answers === undefined ? 'not_permitted' : undefined;
        const answer = answered.get(questionIn({ action, resource, simulation }));
        const judged = because ?? judgeAnswer(answer, kind);
        if (judged === undefined) continue;
        if (typeof judged === 'string') open.set(judged, [...(open.get(judged) ?? []), action]);
        else found[kind].push({ sid, reason, action, resource, ...judged });
      }
    for (const [because, actions] of open)
      notChecked.push({ sid, reason, because, actions: [...new Set(actions)] });
  }
  const isIncomplete = found.required.length + found.denied.length > 0;
  const optional = new Set(set.statements.filter((entry) => entry.optional).map(({ sid }) => sid));
  const isUnknown = notChecked.some(
    ({ sid, because }) => because === 'not_permitted' || (because !== 'managed_policy' && !optional.has(sid)),
  );
  return {
    state: isIncomplete ? 'incomplete' : isUnknown ? 'not_checked' : 'complete',
    missing: found.required,
    unavailable: found.optional,
    notDenied: found.denied,
    notChecked,
  };
}

/** A finding, why there is none, or undefined: as it should be. */
function judgeAnswer(answer: SimulatedDecision | undefined, kind: Kind) {
  if (answer === undefined) return 'not_answered';
  const isAllowed = answer.decision === 'allowed';
  if (!isAllowed && answer.decision !== 'explicitDeny' && answer.decision !== 'implicitDeny')
    return 'not_answered';
  if (kind === 'denied') return isAllowed ? {} : undefined;
  if (isAllowed) return undefined;
  return answer.missingContext.length > 0 ? 'missing_context' : { deniedBy: deniedBy(answer) };
}

function deniedBy(answer: SimulatedDecision): DeniedBy {
  if (answer.allowedByOrganization === false) return 'service_control_policy';
  if (answer.decision === 'explicitDeny') return 'explicit_deny';
  return answer.allowedByBoundary === false ? 'permissions_boundary' : 'nothing_allows';
}

/** The key of an answer; AWS may return the action in another letter case. */
const questionIn = ({
  action,
  resource,
  simulation,
}: Pick<SimulatedDecision, 'action' | 'resource'> & { readonly simulation: Simulation }): string =>
  JSON.stringify([action.toLowerCase(), resource, simulation.context]);

function questionsOf(set: PermissionSet, without: readonly string[]): Question[] {
  return entriesOf(set, without).flatMap(({ entry, kind }) => {
    const simulation = simulationOf(entry);
    return simulation ? [{ entry, kind, simulation }] : [];
  });
}

function unaskedOf(set: PermissionSet, without: readonly string[]): NotChecked[] {
  const unasked = entriesOf(set, without).flatMap(({ entry }): NotChecked[] => {
    const { sid, reason, check } = entry;
    const simulation = simulationOf(entry);
    const actions = entry.actions.filter((action) => simulation === undefined || !isConcrete(action));
    const isAsked = actions.length === 0 || (simulation !== undefined && check !== undefined);
    return isAsked ? [] : [{ sid, reason, because: 'no_check', actions }];
  });
  const managed = set.managedPolicies.map(
    (name): NotChecked => ({
      sid: name,
      reason: `AWS's policy ${name}`,
      because: 'managed_policy',
      actions: [],
    }),
  );
  return [...unasked, ...managed];
}

function entriesOf(
  set: PermissionSet,
  without: readonly string[],
): { entry: PermissionDenial; kind: Kind }[] {
  return [
    ...set.statements
      .filter(({ sid, optional }) => !(optional && without.includes(sid)))
      .map((entry) => ({ entry, kind: entry.optional ? ('optional' as const) : ('required' as const) })),
    ...set.denies.map((entry) => ({ entry, kind: 'denied' as const })),
  ];
}

/**
 * IAM simulates concrete actions on concrete resources: a statement with others or with conditions says what to ask.
 * Without that, only its concrete actions are checked, or none.
 */
function simulationOf({ actions, resources, conditions, check }: PermissionDenial): Simulation | undefined {
  const areConcrete = resources.every((resource) => resource === '*' || isConcrete(resource));
  if (check === undefined) {
    const concrete = actions.filter(isConcrete);
    const isAskable = concrete.length > 0 && areConcrete && conditions === undefined;
    return isAskable ? { actions: concrete, resources, context: [] } : undefined;
  }
  if (check.resources === undefined && !areConcrete) return undefined;
  return {
    actions: check.actions,
    resources: check.resources ?? resources,
    context: contextOf(check.context),
  };
}

const isConcrete = (text: string): boolean => !/[*?]|\$\{/.test(text);

function contextOf(context: NonNullable<PermissionDenial['check']>['context']): ContextEntry[] {
  return Object.entries(context ?? {}).map(([key, value]) => {
    const values = [value].flat();
    const [first] = values;
    const type = Array.isArray(value)
      ? 'stringList'
      : typeof first === 'number'
        ? 'numeric'
        : typeof first === 'boolean'
          ? 'boolean'
          : 'string';
    return { key, type, values: values.map(String) };
  });
}

function chunks<Item>(items: readonly Item[], size: number): Item[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, index) =>
    items.slice(index * size, (index + 1) * size),
  );
}
