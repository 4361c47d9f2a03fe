import { type Partition, partitions } from './role-arn.js';

/**
 * Opens AWS's "create role" page pre-filled. The address is not documented by AWS; the console trusts the root of
 * the vendor's account and can't be given a narrower principal this way.
 */
export function consoleLink(values: {
  partition: Partition;
  principal: string;
  externalId: string;
  /** Names of AWS managed policies. @default ReadOnlyAccess */
  managedPolicies?: readonly string[];
  /** @default rolebridge */
  roleName?: string;
}): string {
  const {
    partition,
    principal,
    externalId,
    managedPolicies = ['ReadOnlyAccess'],
    roleName = 'rolebridge',
  } = values;
  const query = new URLSearchParams({
    step: 'review',
    trustedEntityType: 'AWS_ACCOUNT',
    awsAccount: principal.split(':')[4] ?? '',
    isThirdParty: 'true',
    externalId,
    roleName,
  });
  for (const name of managedPolicies) query.append('policies', `arn:${partition}:iam::aws:policy/${name}`);
  return `https://${partitions[partition].consoleHost}/iam/home#/roles/create?${query}`;
}
