import type { OpenedRole } from './assume.js';
import { causeOfOpenTrust } from './diagnose.js';
import { judgeTrustPolicy, type TrustReason, type WholeAccount } from './judge-trust-policy.js';
import { Inconclusive } from './report.js';
import type { Attempt } from './request.js';

/** The trust policy as the role itself read it. */
export type ReadPolicy =
  | { readonly isReadable: true; readonly text: string }
  | { readonly isReadable: false; readonly why: string };

/** A trust policy that was just fixed has this long to reach STS and IAM before an open role is refused. */
const fixedPolicyWindowMs = 10_000;

/** An open role is checked again until this time. */
export const fixedPolicyEnds = ({ clock, request }: Pick<Attempt, 'clock' | 'request'>): number =>
  clock.now() + (request.allowPropagation ? Math.min(request.propagationWindowMs, fixedPolicyWindowMs) : 0);

/** Asks IAM with the role's own session. A role may be allowed to read itself, and needn't be. */
export async function readPolicy(attempt: Attempt, opened: OpenedRole): Promise<ReadPolicy> {
  const { report, role, sts } = attempt;
  const answer = await sts.readRole(role.partition, opened.credentials, role.name);
  if (answer.outcome === 'inconclusive' && answer.reason === 'malformed')
    return { isReadable: false, why: 'IAM did not answer with a role' };
  const read = report.requireVerdict(answer, 'get_role');
  if (read.outcome === 'denied')
    return { isReadable: false, why: 'the role may not call iam:GetRole on itself' };
  if (read.roleId !== opened.roleId)
    throw Inconclusive.propagating('The role was created again while it was being verified.');
  const text = decoded(read.trustPolicy);
  report.currentPolicy = text;
  return { isReadable: true, text };
}

/** IAM encodes it once; an undecodable text is judged unchanged, as not understood. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** Refuses an unsafe policy, and says how sure the verdict is. */
export async function judgePolicy(
  attempt: Attempt,
  opened: OpenedRole,
  first: ReadPolicy,
): Promise<'proven' | 'tested'> {
  const { report, request, clock } = attempt;
  const { externalId: current, pendingExternalId: pending } = request.connection;
  const externalIds =
    opened.externalId === pending || pending === undefined ? [opened.externalId] : [current, pending];
  const terms = { vendorPrincipals: [...request.vendorPrincipals.values()], externalIds };
  const windowEnds = fixedPolicyEnds(attempt);
  for (let policy = first; ; policy = await readPolicy(attempt, opened)) {
    if (!policy.isReadable) return notRead(attempt, policy.why);
    const { verdict, reasons, ...others } = judgeTrustPolicy(policy.text, terms);
    const [reason] = reasons;
    if (verdict === 'unsafe' && reason !== undefined) {
      if (clock.now() >= windowEnds) return refuse(attempt, reason);
      await clock.sleep(1_000);
      continue;
    }
    const alsoTrusted = [...new Set(others.alsoTrusted.map(({ principal }) => principal))].slice(0, 20);
    report.pass('trust_policy', proofOf(alsoTrusted, others.wholeAccounts), {
      ...(alsoTrusted.length > 0 && { alsoTrusted }),
      ...(others.wholeAccounts.length > 0 && { wholeAccounts: others.wholeAccounts }),
    });
    return 'proven';
  }
}

const proofOf = (alsoTrusted: readonly string[], wholeAccounts: readonly WholeAccount[]): string =>
  [
    'The trust policy was read: it lets the vendor in with this external ID only.',
    ...(alsoTrusted.length > 0 ? [`It also trusts ${alsoTrusted.join(', ')}.`] : []),
    ...wholeAccounts.map(
      ({ principal, narrower }) =>
        `The trust policy trusts the whole account ${/\d{12}/.exec(principal)} with the external ID. To narrow it to the principal in use, replace ${JSON.stringify(principal)} by ${JSON.stringify(narrower)}.`,
    ),
  ].join(' ');

function notRead({ report, request }: Attempt, why: string): 'tested' {
  const message = `The trust policy could not be read: ${why}.`;
  const remedy =
    'Let the role read itself: allow iam:GetRole on its own ARN ("selfInspection" in the construct; the setup page shows the policy).';
  if (request.requireProof) report.fail('trust_policy', 'proof_required', message, remedy);
  report.notChecked('trust_policy', message, remedy);
  return 'tested';
}

/** The role opened with our external ID, so a stack's own input is right: what is too much was added elsewhere. */
function refuse({ report }: Attempt, { message, statement }: TrustReason): never {
  return report.fail(
    'trust_policy',
    'trust_policy_unsafe',
    `The trust policy is unsafe. ${message}${statement ? ` The statement: ${statement.slice(0, 2_048)}` : ''}`,
    'Deploy the trust policy shown here, or remove the statement that is quoted. If Terraform created the role, apply again: that restores its policy.',
    causeOfOpenTrust('condition_missing'),
  );
}
