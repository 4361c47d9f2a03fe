import { partitions } from '../domain/role-arn.js';
import { policyArnsOf, type RoleDescription } from './role-description.js';

/**
 * Opens AWS's "create role" page pre-filled. The address is not documented by AWS; the console trusts the root of
 * the vendor's account and can't be given a narrower principal this way, nor session tags or a path.
 */
export function consoleLink(
  description: Pick<RoleDescription, 'partition' | 'principal' | 'externalId' | 'permissions' | 'roleName'>,
): string {
  const { partition, principal, externalId, roleName = 'vendor-access' } = description;
  const query = new URLSearchParams({
    step: 'review',
    trustedEntityType: 'AWS_ACCOUNT',
    awsAccount: principal.split(':')[4] ?? '',
    isThirdParty: 'true',
    externalId,
    roleName,
  });
  for (const arn of policyArnsOf(description)) query.append('policies', arn);
  return `https://${partitions[partition].consoleHost}/iam/home#/roles/create?${query}`;
}
