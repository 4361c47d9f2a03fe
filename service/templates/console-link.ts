import { partitions } from '../domain/role-arn.js';
import { selfInspection } from '../domain/trust-policy.js';
import { policyDocument, setPoliciesOf } from './permission-set-policies.js';
import { policyArnsOf, type RoleDescription } from './role-description.js';

/** The name in links to the console, which generates none. */
const consoleRoleName = 'vendor-access';

/**
 * The link to the console's "Create role" page, filled in. AWS does not document this URL. The created role trusts the root
 * of the vendor's account: the link can't set a narrower principal, session tags or a path.
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
 * The policies for a role that is created with the console, because the link can't contain them. The first is an inline
 * policy to paste. The others exceed its quota: create and attach them as managed policies.
 */
export function consolePolicies(description: RoleDescription): [string, ...string[]] {
  const { partition, expectedAccountId = '*', path = '/', roleName = consoleRoleName } = description;
  const set = setPoliciesOf(description);
  const self = selfInspection(`arn:${partition}:iam::${expectedAccountId}:role${path}${roleName}`);
  const text = (statements: readonly object[]) => JSON.stringify(policyDocument(statements), null, 2);
  return [text([self, ...(set?.inline ?? [])]), ...(set?.managed ?? []).map(text)];
}
