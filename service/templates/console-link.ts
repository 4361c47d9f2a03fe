import { partitions } from '../domain/role-arn.js';
import { selfInspection } from '../domain/trust-policy.js';
import { policyDocument, setPoliciesOf } from './permission-set-policies.js';
import { policyArnsOf, type RoleDescription } from './role-description.js';

/** The console makes up no name. */
const consoleRoleName = 'vendor-access';

/**
 * Opens AWS's "create role" page pre-filled. The address is not documented by AWS; the console trusts the root of
 * the vendor's account and can't be given a narrower principal this way, nor session tags or a path.
 */
export function consoleLink(
  description: Pick<RoleDescription, 'partition' | 'principal' | 'externalId' | 'permissions' | 'roleName'>,
): string {
  const { partition, principal, externalId, roleName = consoleRoleName } = description;
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

/**
 * The console's link takes no policy of one's own: the first of these is to be pasted as an inline policy of the role.
 * Others are what its quota has no room for, to be created as managed policies and attached.
 */
export function consolePolicies(description: RoleDescription): [string, ...string[]] {
  const { partition, expectedAccountId = '*', path = '/', roleName = consoleRoleName } = description;
  const set = setPoliciesOf(description);
  const self = selfInspection(`arn:${partition}:iam::${expectedAccountId}:role${path}${roleName}`);
  const text = (statements: readonly object[]) => JSON.stringify(policyDocument(statements), null, 2);
  return [text([self, ...(set?.inline ?? [])]), ...(set?.managed ?? []).map(text)];
}
