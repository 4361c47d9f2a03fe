import type { StsAnswer } from '../ports.js';
import { type RoleArn, roleArn } from '../role-arn.js';
import type { Cause } from '../verification.js';
import type { Attempt } from './request.js';

type Denial = Extract<StsAnswer<object>, { outcome: 'denied' }>;

const possible: readonly Cause[] = [
  {
    cause: 'external_id_different',
    likelihood: 'likely',
    explanation: 'The trust policy requires another external ID than this connection’s.',
  },
  {
    cause: 'principal_different',
    likelihood: 'likely',
    explanation: 'The trust policy trusts another principal than the vendor’s.',
  },
  {
    cause: 'role_name_or_path',
    likelihood: 'possible',
    explanation: 'There is no role with exactly this ARN: its path, name or account is different.',
  },
  {
    cause: 'organization_policy',
    likelihood: 'possible',
    explanation: 'A resource control policy of your AWS organization denies it.',
  },
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
  const experiments: (Cause & { try: () => Promise<boolean> })[] = [
    {
      cause: 'external_id_different',
      likelihood: 'certain',
      explanation:
        'The role can be assumed without an external ID but not with this one: its condition names another external ID and does not require it.',
      try: () => opens(arn, undefined),
    },
    {
      cause: 'external_id_different',
      likelihood: 'certain',
      explanation: 'The trust policy has the connection’s id where the external ID belongs.',
      try: () => opens(arn, connection.id),
    },
    {
      cause: 'external_id_different',
      likelihood: 'certain',
      explanation: 'The trust policy has the external ID in capitals.',
      try: () => opens(arn, connection.externalId.toUpperCase()),
    },
  ];
  const withoutPath = roleArn.parse(arn.replace(/:role\/.*\//, ':role/'));
  if (withoutPath !== arn)
    experiments.push({
      cause: 'role_name_or_path',
      likelihood: 'certain',
      explanation: `The role has no path: its ARN is ${withoutPath}. Use that ARN.`,
      try: () => opens(withoutPath, connection.externalId),
    });
  const results = await Promise.all(experiments.map((experiment) => experiment.try()));
  const found = experiments.flatMap(({ try: _, ...cause }, index) => (results[index] ? [cause] : []));
  return found.length > 0 ? found : possible;
}

/** Why a role is open that can be assumed. */
export const causeOfOpenTrust = (cause: 'condition_missing' | 'condition_wildcard'): readonly Cause[] => [
  {
    cause,
    likelihood: 'certain',
    explanation:
      cause === 'condition_missing'
        ? 'A statement of the trust policy allows the vendor without a StringEquals condition on sts:ExternalId.'
        : 'The condition on sts:ExternalId matches more than this external ID (a wildcard, or StringLike).',
  },
];

function causeInText({ reason, message }: Denial): Cause | undefined {
  if (reason === 'region_disabled')
    return {
      cause: 'sts_region_off',
      likelihood: 'certain',
      explanation: 'Activate STS for this region in the IAM console’s account settings, and try again.',
    };
  if (/explicit deny in a resource control policy/i.test(message))
    return {
      cause: 'organization_policy',
      likelihood: 'certain',
      explanation:
        'A policy of your AWS organization denies it. Ask its administrator to allow sts:AssumeRole for the vendor’s principal.',
    };
  return undefined;
}
