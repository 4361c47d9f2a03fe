import type { ExternalId } from '../ids.js';
import type { Probe } from '../verification.js';
import { fixedPolicyEnds } from './check-trust-policy.js';
import { causeOfOpenTrust } from './diagnose.js';
import { Inconclusive } from './report.js';
import type { Attempt } from './request.js';

type Marks = { readonly sessionName?: string; readonly sourceIdentity?: string; readonly tag?: true };

async function probe(
  { report, role, sts, request }: Attempt,
  name: Exclude<Probe['probe'], 'caller_identity' | 'get_role'>,
  externalId: string | undefined,
  { sessionName = request.sessionName, sourceIdentity, tag }: Marks = {},
): Promise<boolean> {
  const { partition, arn: roleArn } = role;
  const answer = await sts.assumeRole({
    partition,
    roleArn,
    externalId,
    sessionName,
    ...(sourceIdentity && { sourceIdentity }),
    ...(tag && {
      tags: [{ key: 'rolebridge:organization', value: request.connection.organizationId }],
    }),
  });
  // Credentials that a negative probe should not get are dropped unread.
  return report.requireVerdict(answer, name).outcome === 'allowed';
}

/** The answers of the negative probes: whether the role opens although it should not. */
interface NegativeProbes {
  readonly opensWithout: boolean;
  readonly opensWithAny: boolean;
  readonly opensWithPrevious: boolean;
  readonly opensWithForeign: readonly boolean[];
}

/** Makes the negative probes. Call it after the role was assumed: before that, a denial proves nothing. */
export async function probeNegatively(attempt: Attempt, externalId: ExternalId): Promise<NegativeProbes> {
  const { foreignExternalIds = [] } = attempt.request.connection;
  const previous = previousExternalId(attempt, externalId);
  const [opensWithout, opensWithAny, opensWithPrevious, ...opensWithForeign] = await Promise.all([
    probe(attempt, 'without_external_id', undefined),
    probe(attempt, 'wrong_external_id', attempt.newExternalId()),
    previous !== undefined && probe(attempt, 'with_previous_external_id', previous),
    ...foreignExternalIds.map((foreign) => probe(attempt, 'wrong_external_id', foreign)),
  ]);
  return { opensWithout, opensWithAny, opensWithPrevious, opensWithForeign };
}

/** The external ID that the role required before, if it now requires the pending one. */
function previousExternalId({ request }: Attempt, externalId: ExternalId): ExternalId | undefined {
  const { externalId: current, pendingExternalId } = request.connection;
  return externalId === pendingExternalId ? current : undefined;
}

/**
 * Judges the negative probes, and repeats them where an older trust policy may still be in effect.
 * @param probing the first round, if it is already under way
 */
export async function checkNegativeProbes(
  attempt: Attempt,
  externalId: ExternalId,
  probing = probeNegatively(attempt, externalId),
): Promise<void> {
  const { request, report, role, clock, propagationEnds, waitEnds } = attempt;
  const previous = previousExternalId(attempt, externalId);
  const windowEnds = fixedPolicyEnds(attempt);
  for (let round = probing; ; round = probeNegatively(attempt, externalId)) {
    const { opensWithout, opensWithAny, opensWithPrevious, opensWithForeign } = await round;
    const opensWithOther = opensWithForeign.includes(true);
    const isOpen = opensWithout || opensWithAny || opensWithOther;
    // During propagation, some AWS endpoints still use the previous trust policy.
    const mayPropagate =
      opensWithPrevious && !isOpen && request.callerRetries && clock.now() < propagationEnds;
    if (mayPropagate && clock.now() + 1_000 > waitEnds)
      throw Inconclusive.propagating('AWS still accepts the previous external ID as well.');
    if (mayPropagate || ((isOpen || opensWithPrevious) && clock.now() < windowEnds)) {
      await clock.sleep(1_000);
      continue;
    }
    if (opensWithout)
      noExternalId(attempt, 'so anyone who makes the vendor use this ARN can access the account');
    report.pass('external_id_required', 'AWS denies the role without the external ID.');
    if (opensWithAny) anyExternalId(attempt, 'with any external ID');
    if (opensWithOther) anyExternalId(attempt, "with another connection's external ID");
    report.pass('external_id_exact', 'AWS denies the role with another external ID.');
    if (opensWithPrevious)
      report.fail(
        'previous_external_id',
        'previous_external_id_accepted',
        `${role.arn} can be assumed with the new external ID, and with the previous one as well.`,
        'Remove the previous external ID from the trust policy, so that it matches the one shown here. Until then the connection works as before.',
      );
    if (previous) report.pass('previous_external_id', 'AWS denies the role with the previous external ID.');
    return;
  }
}

function noExternalId({ report, role }: Attempt, how: string): never {
  return report.fail(
    'external_id_required',
    'external_id_not_required',
    `${role.arn} can be assumed without the external ID, ${how}.`,
    'Require the external ID with StringEquals on sts:ExternalId in every statement of the trust policy, as in the one shown here.',
    causeOfOpenTrust('condition_missing'),
  );
}

function anyExternalId({ report, role }: Attempt, how: string): never {
  return report.fail(
    'external_id_exact',
    'external_id_not_enforced',
    `${role.arn} can be assumed ${how}.`,
    'Replace wildcards, lists and StringLike with StringEquals with this one external ID, as in the trust policy shown here.',
    causeOfOpenTrust('condition_wildcard'),
  );
}

/**
 * Without a readable trust policy, more probes for values that it may accept beside the external ID. One mark of an issued
 * session at a time: two at once hide each other.
 */
export async function moreProbes(attempt: Attempt, externalId: ExternalId): Promise<void> {
  const { id, organizationId } = attempt.request.connection;
  const altered = [
    `${externalId}a`,
    ...alteredLetters(externalId),
    externalId.toUpperCase(),
    attempt.newExternalId().slice(-10),
    id,
    attempt.role.accountId,
    organizationId,
  ];
  const [guessed, unmarked, isOpenElsewhere] = await Promise.all([
    Promise.all(altered.map((guess) => probe(attempt, 'altered_external_id', guess))),
    Promise.all([
      probe(attempt, 'without_external_id', undefined, { sessionName: `${organizationId}.session` }),
      probe(attempt, 'without_external_id', undefined, { sourceIdentity: organizationId }),
      probe(attempt, 'without_external_id', undefined, { tag: true }),
    ]),
    opensInAnotherRegion(attempt),
  ]);
  if (unmarked.includes(true))
    noExternalId(attempt, "if the session has a name, source identity or tag as the vendor's sessions do");
  if (isOpenElsewhere) noExternalId(attempt, 'through STS in another region');
  if (guessed.includes(true)) anyExternalId(attempt, 'with another external ID that resembles this one');
}

/** A network that reaches the STS of one region only must not prevent a verification, so no answer counts as a denial. */
async function opensInAnotherRegion({ report, role, sts, request }: Attempt): Promise<boolean> {
  const { partition, arn: roleArn } = role;
  const answer = await sts.assumeRole({
    partition,
    roleArn,
    externalId: undefined,
    sessionName: request.sessionName,
    inAnotherRegion: true,
  });
  report.probed(answer, 'without_external_id_in_another_region');
  return answer.outcome === 'allowed';
}

/** The first, middle and last letter after the prefix, each changed. */
function alteredLetters(externalId: string): string[] {
  const start = externalId.lastIndexOf('-') + 1;
  const places = [start, Math.floor((start + externalId.length) / 2), externalId.length - 1];
  return places.map((place) => {
    const other = externalId[place] === 'a' ? 'b' : 'a';
    return externalId.slice(0, place) + other + externalId.slice(place + 1);
  });
}
