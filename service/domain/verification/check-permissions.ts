import { groupBy } from '../group-by.js';
import { permissionSetId } from '../permission-set.js';
import type { OpenedRole } from './assume.js';
import {
  judgePermissions,
  notEvaluated,
  type SimulatedDecision,
  simulationsFor,
} from './judge-permissions.js';
import type { PermissionFinding, PermissionsReport } from './permissions-report.js';
import { Inconclusive } from './report.js';
import type { Attempt, PermissionsToCheck } from './request.js';

/** A policy that was just attached has this long before what IAM simulates is a verdict. */
const attachedPolicyWindowMs = 5_000;
/** Calls of the simulator side by side: IAM throttles it early. */
const concurrency = 4;
/** Sentences in a message, and actions in a sentence; the report has all. */
const maxQuoted = 5;
const maxNamed = 10;

/**
 * Checks the permission set with IAM's simulator. A missing permission rejects a new role; later
 * it is reported, and the check itself never stops production.
 */
export async function checkPermissions(attempt: Attempt, opened: OpenedRole): Promise<void> {
  const { request, report, clock } = attempt;
  const { permissions: asked } = request;
  if (asked === undefined) return;
  const { areRequired, before } = asked;
  if (before !== undefined && request.probedAt !== undefined) {
    record(attempt, before, false);
    return;
  }
  const windowEnds =
    clock.now() + (areRequired ? Math.min(request.propagationWindowMs, attachedPolicyWindowMs) : 0);
  for (;;) {
    const found = await simulated(attempt, opened, asked);
    if (found?.state === 'incomplete' && clock.now() < windowEnds) {
      await clock.sleep(1_000);
      continue;
    }
    const known = found ?? before;
    if (known === undefined)
      report.notChecked('permissions', 'IAM did not answer.', 'The next check repeats it.');
    else record(attempt, known, areRequired);
    return;
  }
}

/** The report; undefined when IAM did not answer and the permissions are not required. */
async function simulated(
  attempt: Attempt,
  opened: OpenedRole,
  { set, without, areRequired }: PermissionsToCheck,
): Promise<PermissionsReport | undefined> {
  const { report, role, sts } = attempt;
  const simulations = [...simulationsFor(set, without)];
  const decisions: SimulatedDecision[] = [];
  let isDenied = false;
  const ask = async (): Promise<void> => {
    for (let next = simulations.shift(); next !== undefined && !isDenied; next = simulations.shift()) {
      const answer = report.requireVerdict(
        await sts.simulate(role.partition, opened.credentials, role.arn, next),
        'simulate_principal_policy',
      );
      if (answer.outcome === 'denied') isDenied = true;
      else decisions.push(...answer.decisions);
    }
  };
  try {
    await Promise.all(Array.from({ length: concurrency }, ask));
  } catch (error) {
    if (areRequired || !(error instanceof Inconclusive)) throw error;
    return undefined;
  }
  const judged = judgePermissions(set, without, isDenied ? undefined : decisions);
  return { ...judged, permissionSet: permissionSetId(set), checkedAt: report.now() };
}

/** @throws CheckFailed where the role must have all of it */
function record({ report }: Attempt, found: PermissionsReport, isRequired: boolean): void {
  report.permissions = found;
  const { state, permissionSet, missing, notDenied, unavailable, notChecked } = found;
  if (state === 'incomplete') {
    const sentences = sentencesOf([...missing, ...notDenied]);
    const quoted = sentences.slice(0, maxQuoted);
    const left = sentences.length - quoted.length;
    const message = [
      `The role does not match permission set ${permissionSet}.`,
      ...quoted,
      ...(left > 0 ? [`And ${left} more statements.`] : []),
    ].join(' ');
    const remedy = `Deploy ${permissionSet} as the vendor publishes it. Where a boundary or an organization's policy denies it, ask your administrator.`;
    if (isRequired) report.fail('permissions', 'permissions_missing', message, remedy);
    report.warn('permissions', 'permissions_missing', message, remedy);
    return;
  }
  const open = notChecked.length > 0 ? [`Not checked: ${listed(notChecked.map(({ sid }) => sid))}.`] : [];
  if (state === 'not_checked') {
    const isDenied = notChecked.some(({ because }) => because === 'not_permitted');
    report.notChecked(
      'permissions',
      isDenied
        ? 'The permissions could not be checked: the role may not call iam:SimulatePrincipalPolicy on itself.'
        : [`Not everything that permission set ${permissionSet} needs could be checked.`, ...open].join(' '),
      isDenied
        ? 'Let the role read itself ("selfInspection" in the construct; the setup page shows the policy).'
        : remedyFor(notChecked),
    );
    return;
  }
  const lacking =
    unavailable.length > 0 ? [`Not available: ${listed(unavailable.map(({ sid }) => sid))}.`] : [];
  report.pass(
    'permissions',
    [
      `IAM's simulator allows what permission set ${permissionSet} needs.`,
      ...lacking,
      ...open,
      `The simulator leaves out ${notEvaluated.join(', ')}.`,
    ].join(' '),
  );
}

function remedyFor(open: PermissionsReport['notChecked']): string {
  const isDueTo = (...reasons: (typeof open)[number]['because'][]) =>
    open.some(({ because }) => reasons.includes(because));
  if (isDueTo('no_check', 'missing_context'))
    return 'Nothing is wrong with the role. The vendor can add a "check" with actions, resources and context to the set.';
  return 'IAM gave no readable answer. The next check asks again.';
}

const listed = (sids: readonly string[]): string => [...new Set(sids)].join(', ');

/** A sentence for the missing actions of a statement, with the denying policy and the vendor's reason. */
function sentencesOf(findings: readonly PermissionFinding[]): string[] {
  const groups = groupBy(findings, ({ sid, resource, deniedBy }) =>
    JSON.stringify([sid, resource, deniedBy]),
  );
  return [...groups.values()].map((group) => sentenceOf(group));
}

function sentenceOf(group: readonly [PermissionFinding, ...PermissionFinding[]]): string {
  const [{ sid, reason, resource, deniedBy }] = group;
  const named = group.slice(0, maxNamed).map(({ action }) => action);
  const actions = [...named, ...(group.length > maxNamed ? [`${group.length - maxNamed} more`] : [])].join(
    ', ',
  );
  const verb = group.length === 1 ? 'is' : 'are';
  const on = resource === '*' ? '' : ` on ${resource}`;
  const why = `(${sid}: ${reason})`;
  if (deniedBy === undefined) return `${actions}${on} must be denied and ${verb} allowed ${why}`;
  const by = {
    nothing_allows: 'allowed by no policy',
    explicit_deny: 'denied by a policy of the role',
    permissions_boundary: "not allowed by the role's permissions boundary",
    service_control_policy: 'denied by a service control policy of your organization',
  }[deniedBy];
  return `${actions}${on} ${verb} ${by} ${why}`;
}
