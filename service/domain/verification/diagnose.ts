import type { StsAnswer } from '../ports.js';
import { type RoleArn, roleArn } from '../role-arn.js';
import type { Cause } from '../verification.js';
import type { Attempt } from './request.js';

type Denial = Extract<StsAnswer<object>, { outcome: 'denied' }>;

const causeOf = (cause: Cause['cause'], likelihood: Cause['likelihood'], explanation: string): Cause => ({
  cause,
  likelihood,
  explanation,
});

const possible: readonly Cause[] = [
  causeOf(
    'external_id_different',
    'likely',
    'The trust policy requires another external ID than this connection’s.',
  ),
  causeOf('principal_different', 'likely', 'The trust policy trusts another principal than the vendor’s.'),
  causeOf(
    'role_name_or_path',
    'possible',
    'There is no role with exactly this ARN: its path, name or account is different.',
  ),
  causeOf('organization_policy', 'possible', 'A resource control policy of your AWS organization denies it.'),
];

/**
 * Finds out by experiment why AWS denies a role, as its answer does not say. At most four calls; an experiment
 * that AWS does not decide is left out. Credentials that one of them opens are dropped unread.
 */
export async function causesOfDenial(
  denial: Denial,
  { request: { connection, sessionName }, role: { arn, partition }, sts }: Attempt,
): Promise<readonly Cause[]> {
  const certain = causeInText(denial);
  if (certain) return [certain];

  const opens = async (candidate: RoleArn, externalId: string | undefined) =>
    (await sts.assumeRole({ partition, roleArn: candidate, externalId, sessionName })).outcome === 'allowed';
  const withoutPath = roleArn.parse(arn.replace(/:role\/.*\//, ':role/'));
  const experiments: [RoleArn, externalId: string | undefined, explanation: string][] = [
    [
      arn,
      undefined,
      'The role can be assumed without an external ID but not with this one: its condition names another external ID and does not require it.',
    ],
    [arn, connection.id, 'The trust policy has the connection’s id where the external ID belongs.'],
    [arn, connection.externalId.toUpperCase(), 'The trust policy has the external ID in capitals.'],
  ];
  if (withoutPath !== arn)
    experiments.push([
      withoutPath,
      connection.externalId,
      `The role has no path: its ARN is ${withoutPath}. Use that ARN.`,
    ]);
  const results = await Promise.all(
    experiments.map(async ([candidate, externalId, explanation]) => {
      const cause = candidate === arn ? 'external_id_different' : 'role_name_or_path';
      return (await opens(candidate, externalId)) ? [causeOf(cause, 'certain', explanation)] : [];
    }),
  );
  const found = results.flat();
  return found.length > 0 ? found : possible;
}

/** The cause of a role that others can assume. */
export const causeOfOpenTrust = (cause: 'condition_missing' | 'condition_wildcard'): readonly Cause[] => {
  const explanation = {
    condition_missing:
      'A statement of the trust policy allows the vendor without a StringEquals condition on sts:ExternalId.',
    condition_wildcard:
      'The condition on sts:ExternalId matches more than this external ID (a wildcard, or StringLike).',
  }[cause];
  return [causeOf(cause, 'certain', explanation)];
};

function causeInText({ reason, message }: Denial): Cause | undefined {
  if (reason === 'region_disabled')
    return causeOf(
      'sts_region_off',
      'certain',
      'Activate STS for this region in the IAM console’s account settings, and try again.',
    );
  if (/explicit deny in a resource control policy/i.test(message))
    return causeOf(
      'organization_policy',
      'certain',
      'A policy of your AWS organization denies it. Ask its administrator to allow sts:AssumeRole for the vendor’s principal.',
    );
  return undefined;
}
