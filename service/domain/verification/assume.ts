import type { ExternalId } from '../ids.js';
import type { SessionCredentials } from '../ports.js';
import { causesOfDenial } from './diagnose.js';
import { Inconclusive } from './report.js';
import type { Attempt } from './request.js';

/** How long AWS has to accept the pending external ID before the verification uses the current one. */
const rotatedTrustWindowMs = 15_000;

/** A session of the role, and what opened it. */
export interface OpenedRole {
  readonly sessionArn: string;
  readonly roleId: string;
  readonly credentials: SessionCredentials;
  /** The external ID that the role requires. */
  readonly externalId: ExternalId;
}

/** The positive probe. A new role is not assumable at once, so a denial is final only after the propagation window. */
export async function assume(attempt: Attempt): Promise<OpenedRole> {
  const { request, report, role, clock, propagationEnds, waitEnds } = attempt;
  for (let tries = 0; ; tries++) {
    const { answer, externalId, isCurrentOnly } = await assumeWithEither(attempt);
    if (answer.outcome === 'allowed') {
      if (isCurrentOnly && mayBeRotatedSoon(attempt)) {
        await clock.sleep(1_000);
        continue;
      }
      if (request.roleId !== undefined && answer.roleId !== request.roleId) {
        await waitForOtherRole(attempt, answer.roleId, request.roleId);
        continue;
      }
      const isNew = externalId === request.connection.pendingExternalId;
      report.pass('assumable', `The role can be assumed with the ${isNew ? 'new ' : ''}external ID.`);
      return { ...answer, externalId };
    }
    const mayPropagate = answer.reason === 'access_denied' && clock.now() < propagationEnds;
    if (mayPropagate) {
      const waitMs = Math.min(500 * 2 ** tries, 3_000, propagationEnds - clock.now());
      if (clock.now() + waitMs > waitEnds)
        throw Inconclusive.propagating(
          'AWS still denies the role; a new role takes seconds, rarely a minute, to propagate.',
        );
      request.onProgress?.({ waitingSince: report.startedAt });
      await clock.sleep(waitMs);
      continue;
    }
    const causes = request.diagnose === false ? undefined : await causesOfDenial(answer, attempt);
    const isRegionOff = answer.reason === 'region_disabled';
    report.fail(
      'assumable',
      'role_not_assumable',
      `AWS denies the vendor AssumeRole on ${role.arn}${isRegionOff ? ': STS is not active in that account for the region used' : ''}.`,
      causes?.[0]?.likelihood === 'certain'
        ? causes[0].explanation
        : 'Compare the trust policy of the role with the one shown here. If they differ, deploy the one shown, then try again.',
      causes,
    );
  }
}

const mayBeRotatedSoon = ({ request, clock, propagationEnds, waitEnds }: Attempt): boolean =>
  request.allowPropagation &&
  clock.now() + 1_000 < Math.min(waitEnds, propagationEnds, request.firstAttemptAt + rotatedTrustWindowMs);

/** During propagation, AWS can still open the previous role with this name. */
async function waitForOtherRole(
  { report, clock, propagationEnds, waitEnds }: Attempt,
  opened: string,
  reported: string,
): Promise<void> {
  if (clock.now() + 1_000 > propagationEnds)
    report.fail(
      'assumable',
      'role_id_mismatch',
      `AWS opens a role with the id ${opened}, but the stack reported ${reported}: the role was deleted and created again under its name.`,
      'Deploy the stack that owns the role that exists now.',
    );
  if (clock.now() + 1_000 > waitEnds)
    throw Inconclusive.propagating('AWS still opens the role that had this name before.');
  await clock.sleep(1_000);
}

/** During a rotation the role requires the new external ID or, until the customer deploys that, the current one. */
async function assumeWithEither(attempt: Attempt) {
  const { externalId: current, pendingExternalId: pending } = attempt.request.connection;
  if (pending !== undefined) {
    const answer = await open(attempt, pending, 'with_pending_external_id');
    if (answer.outcome === 'allowed') return { answer, externalId: pending, isCurrentOnly: false };
  }
  const answer = await open(attempt, current, 'with_external_id');
  return { answer, externalId: current, isCurrentOnly: pending !== undefined };
}

async function open(
  { request, report, role, sts }: Attempt,
  externalId: ExternalId,
  probe: 'with_external_id' | 'with_pending_external_id',
) {
  const { arn: roleArn, partition } = role;
  const { sessionName } = request;
  const answer = await sts.assumeRole({ partition, roleArn, externalId, sessionName });
  const blamesVendor = answer.outcome === 'inconclusive' && answer.reason === 'vendor_not_allowed';
  if (!blamesVendor || !(await request.isVendorsDenialFinal?.())) return report.requireVerdict(answer, probe);
  report.probed(answer, probe);
  return report.fail(
    'assumable',
    'vendor_not_allowed',
    `A policy of the vendor's own AWS account or network denies sts:AssumeRole on ${roleArn}; other roles can be assumed.`,
    "Nothing is wrong with your role. Vendor: allow the service's principal sts:AssumeRole on this role in its identity policy, permissions boundary, service control policies and the VPC endpoint's policy.",
  );
}
