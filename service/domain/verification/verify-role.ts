import { trustPolicy } from '../trust-policy.js';
import type { FailedVerification } from '../verification.js';
import { assume, type OpenedRole } from './assume.js';
import { checkPermissions } from './check-permissions.js';
import { checkRoleArn } from './check-role-arn.js';
import { judgePolicy, readPolicy } from './check-trust-policy.js';
import { checkNegativeProbes, moreProbes, probeNegatively } from './probes.js';
import { CheckFailed, Inconclusive, VerificationReport } from './report.js';
import type { Attempt, RoleToVerify, RoleVerification, VerificationTools } from './request.js';

/** IAM takes trust policies of at most 4,096 characters, white space left out. */
const maxPolicy = 8_192;

/**
 * Proves that the role works for this service and is safe from everyone else: it opens with the external ID, only with
 * it, and its trust policy says so too. The first check that fails ends it; throttling, time-outs and faults of AWS are
 * never a verdict.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_common-scenarios_third-party.html
 */
export async function verifyRole(request: RoleToVerify, tools: VerificationTools): Promise<RoleVerification> {
  const { clock } = tools;
  const report = new VerificationReport(clock, (check) => request.onProgress?.({ check }));
  report.accountAlias = request.accountAlias;
  let attempt: Attempt | undefined;
  let opened: OpenedRole | undefined;
  try {
    const role = checkRoleArn(request, report);
    const propagationEnds = request.firstAttemptAt + request.propagationWindowMs;
    attempt = { ...tools, request, report, role, propagationEnds, waitEnds: clock.now() + request.maxWaitMs };
    opened = await assume(attempt);
    await request.onOpened?.(role.arn, opened.externalId);
    return await verdict(attempt, opened);
  } catch (end) {
    if (end instanceof Inconclusive) return { outcome: 'inconclusive', ...end.verdict };
    if (!(end instanceof CheckFailed)) throw end;
    return {
      outcome: 'refused',
      role: attempt?.role,
      roleId: opened?.roleId,
      verification: failure(report, end, request, attempt),
    };
  }
}

/**
 * The steps after the role opened. The calls that need nothing but the session run side by side. The checks keep their
 * order, so the first that fails is the verdict whichever call answers first.
 */
async function verdict(attempt: Attempt, opened: OpenedRole): Promise<RoleVerification> {
  const { report, role, request } = attempt;
  const { probedAt } = request;
  const { foreignExternalIds = [] } = request.connection;
  const wereProbed = probedAt !== undefined && foreignExternalIds.length === 0;
  checkSession(attempt, opened);
  const identity = checkIdentity(attempt, opened);
  const reading = readPolicy(attempt, opened);
  const probing = wereProbed ? undefined : probeNegatively(attempt, opened.externalId);
  // The alias is for display, and no verdict depends on it.
  const alias = probedAt === undefined ? readAlias(attempt, opened) : undefined;
  // A report names every call, also when an earlier check decides.
  await Promise.allSettled([identity, reading, probing]);
  await identity;
  const policy = await reading;
  report.pass('account', `The session is in account ${role.accountId}, and GetCallerIdentity agrees.`);
  if (policy.isReadable && wereProbed)
    report.pass('external_id_required', `AWS denied the role without the external ID at ${probedAt}.`);
  else await checkNegativeProbes(attempt, opened.externalId, probing);
  const assurance = await judgePolicy(attempt, opened, policy);
  if (!policy.isReadable && probedAt === undefined) await moreProbes(attempt, opened.externalId);
  await checkPermissions(attempt, opened);
  await alias;
  return {
    outcome: 'passed',
    role,
    roleId: opened.roleId,
    externalId: opened.externalId,
    assurance,
    probedAt: probedAt ?? report.now(),
    verification: {
      ...report.contents(),
      result: 'passed',
      accountId: role.accountId,
      sessionArn: opened.sessionArn,
    },
  };
}

/** A session of another role would make every call after it prove nothing. */
function checkSession(attempt: Attempt, { sessionArn }: OpenedRole): void {
  const { accountId, partition, name } = attempt.role;
  if (!sessionArn.startsWith(`arn:${partition}:sts::${accountId}:assumed-role/${name}/`))
    refuseSession(attempt);
}

async function checkIdentity(attempt: Attempt, opened: OpenedRole): Promise<void> {
  const { report, role, sts } = attempt;
  const { accountId, partition } = role;
  const answer = await sts.callerIdentity(partition, opened.credentials);
  const identity = report.requireVerdict(answer, 'caller_identity');
  // The call needs no permission: something on the way denies it.
  if (identity.outcome === 'denied') throw Inconclusive.because('denied_on_the_way');
  if (identity.accountId === accountId && identity.arn === opened.sessionArn) return;
  refuseSession(attempt);
}

const refuseSession = ({ report, role }: Attempt): never =>
  report.fail(
    'account',
    'account_mismatch',
    `The session that AWS opened is not one of ${role.arn}.`,
    'Copy the ARN again from the page of the role in the IAM console, and try again.',
  );

/** A role needs no permission to list the alias, so a denial means nothing. */
async function readAlias({ sts, role, report }: Attempt, { credentials }: OpenedRole): Promise<void> {
  const answer = await sts.accountAlias(role.partition, credentials).catch(() => undefined);
  if (answer?.outcome === 'allowed') report.accountAlias = answer.alias;
}

function failure(
  report: VerificationReport,
  { code, message, remedy, causes }: CheckFailed,
  { connection, vendorPrincipals }: RoleToVerify,
  attempt: Attempt | undefined,
): FailedVerification {
  const principal = attempt && vendorPrincipals.get(attempt.role.partition);
  const externalId = connection.pendingExternalId ?? connection.externalId;
  const diagnosis = causes &&
    principal && {
      causes: [...causes],
      trustPolicy: JSON.stringify(trustPolicy({ principal, externalId }), null, 2),
      ...(report.currentPolicy !== undefined && { currentPolicy: report.currentPolicy.slice(0, maxPolicy) }),
    };
  const verdict = { result: 'failed', code, message, remedy } as const;
  return { ...report.contents(), ...verdict, ...(diagnosis && { diagnosis }) };
}
