import { type Action, page } from './call.js';
import { findPolicy, policyName } from './iam-policies.js';
import { findRole } from './iam-roles.js';
import { NAME } from './parameters.js';
import { checkIdentityPolicy } from './policy-document.js';
import { AwsError } from './query-protocol.js';

const POLICY_NAME = { min: 1, max: 128, pattern: NAME };
const MAX_INLINE_LENGTH = 10_240;
const MAX_ATTACHED = 10;

/** The actions on what a role may do: inline and attached policies. */
export const rolePolicyActions: Record<string, Action> = {
  PutRolePolicy(call) {
    const role = findRole(call);
    const name = call.params.required('PolicyName', POLICY_NAME);
    const document = call.params.required('PolicyDocument', { min: 1, max: 131072 });
    checkIdentityPolicy(document, call.account.partition);
    const documents = [...new Map(role.inlinePolicies).set(name, document).values()];
    if (documents.join('').replace(/\s/g, '').length > MAX_INLINE_LENGTH) {
      throw new AwsError(
        'LimitExceeded',
        `Maximum policy size of ${MAX_INLINE_LENGTH} bytes exceeded for role ${role.name}`,
        409,
      );
    }
    role.inlinePolicies.set(name, document);
    return undefined;
  },

  GetRolePolicy(call) {
    const role = findRole(call);
    const name = call.params.required('PolicyName', POLICY_NAME);
    const document = role.inlinePolicies.get(name);
    if (document === undefined) throw noRolePolicy(name);
    return { RoleName: role.name, PolicyName: name, PolicyDocument: encodeURIComponent(document) };
  },

  DeleteRolePolicy(call) {
    const name = call.params.required('PolicyName', POLICY_NAME);
    if (!findRole(call).inlinePolicies.delete(name)) throw noRolePolicy(name);
    return undefined;
  },

  ListRolePolicies: (call) => page(call, 'PolicyNames', [...findRole(call).inlinePolicies.keys()].sort()),

  AttachRolePolicy(call) {
    const role = findRole(call);
    const { arn } = findPolicy(call, call.params.required('PolicyArn', { min: 20, max: 2048 }));
    if (!role.attachedPolicyArns.has(arn) && role.attachedPolicyArns.size >= MAX_ATTACHED) {
      throw new AwsError('LimitExceeded', `Cannot exceed quota for PoliciesPerRole: ${MAX_ATTACHED}`, 409);
    }
    role.attachedPolicyArns.add(arn);
    return undefined;
  },

  DetachRolePolicy(call) {
    const arn = call.params.required('PolicyArn', { min: 20, max: 2048 });
    if (!findRole(call).attachedPolicyArns.delete(arn)) {
      throw new AwsError('NoSuchEntity', `Policy ${arn} was not found.`, 404);
    }
    return undefined;
  },

  ListAttachedRolePolicies(call) {
    const policies = [...findRole(call).attachedPolicyArns]
      .sort()
      .map((arn) => ({ PolicyName: policyName(arn), PolicyArn: arn }));
    return page(call, 'AttachedPolicies', policies);
  },
};

function noRolePolicy(name: string): AwsError {
  return new AwsError('NoSuchEntity', `The role policy with name ${name} cannot be found.`, 404);
}
