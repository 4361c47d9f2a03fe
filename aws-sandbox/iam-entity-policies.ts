import type { Permissions } from './accounts.js';
import { AwsError } from './aws-error.js';
import { type Action, type Call, page } from './call.js';
import { findPolicy, policyName } from './iam-policies.js';
import { findRole } from './iam-roles.js';
import { findUser } from './iam-users.js';
import { NAME } from './parameters.js';
import { checkIdentityPolicy } from './policy-document.js';

const POLICY_NAME = { min: 1, max: 128, pattern: NAME };
const POLICY_ARN = { min: 20, max: 2048 };
const MAX_ATTACHED = 10;

type Kind = 'Role' | 'User';
type Entity = Permissions & { name: string };

const KINDS = {
  Role: { find: findRole, maxInlineLength: 10_240 },
  User: { find: findUser, maxInlineLength: 2_048 },
} satisfies Record<Kind, { find: (call: Call) => Entity; maxInlineLength: number }>;

/** The actions on permissions of roles and users: inline and attached policies, and the boundary. */
export const entityPolicyActions: Record<string, Action> = { ...actionsOf('Role'), ...actionsOf('User') };

function actionsOf(kind: Kind): Record<string, Action> {
  const { find, maxInlineLength } = KINDS[kind];
  const noPolicy = (name: string) =>
    new AwsError('NoSuchEntity', `The ${kind.toLowerCase()} policy with name ${name} cannot be found.`);
  return {
    [`Put${kind}Policy`](call) {
      const entity = find(call);
      const name = call.params.required('PolicyName', POLICY_NAME);
      const document = call.params.required('PolicyDocument', { min: 1, max: 131072 });
      checkIdentityPolicy(document, call.account.partition);
      const documents = [...new Map(entity.inlinePolicies).set(name, document).values()];
      if (documents.join('').replace(/\s/g, '').length > maxInlineLength)
        throw new AwsError(
          'LimitExceeded',
          `Maximum policy size of ${maxInlineLength} bytes exceeded for ${kind.toLowerCase()} ${entity.name}`,
        );
      entity.inlinePolicies.set(name, document);
      return undefined;
    },

    [`Get${kind}Policy`](call) {
      const entity = find(call);
      const name = call.params.required('PolicyName', POLICY_NAME);
      const document = entity.inlinePolicies.get(name);
      if (document === undefined) throw noPolicy(name);
      return { [`${kind}Name`]: entity.name, PolicyName: name, PolicyDocument: encodeURIComponent(document) };
    },

    [`Delete${kind}Policy`](call) {
      const name = call.params.required('PolicyName', POLICY_NAME);
      if (!find(call).inlinePolicies.delete(name)) throw noPolicy(name);
      return undefined;
    },

    [`List${kind}Policies`]: (call) =>
      page(call, 'PolicyNames', [...find(call).inlinePolicies.keys()].sort()),

    [`Attach${kind}Policy`](call) {
      const { attachedPolicyArns } = find(call);
      const { arn } = findPolicy(call, call.params.required('PolicyArn', POLICY_ARN));
      if (!attachedPolicyArns.has(arn) && attachedPolicyArns.size >= MAX_ATTACHED)
        throw new AwsError('LimitExceeded', `Cannot exceed quota for PoliciesPer${kind}: ${MAX_ATTACHED}`);
      attachedPolicyArns.add(arn);
      return undefined;
    },

    [`Detach${kind}Policy`](call) {
      const arn = call.params.required('PolicyArn', POLICY_ARN);
      if (!find(call).attachedPolicyArns.delete(arn))
        throw new AwsError('NoSuchEntity', `Policy ${arn} was not found.`);
      return undefined;
    },

    [`ListAttached${kind}Policies`](call) {
      const policies = [...find(call).attachedPolicyArns]
        .sort()
        .map((arn) => ({ PolicyName: policyName(arn), PolicyArn: arn }));
      return page(call, 'AttachedPolicies', policies);
    },

    [`Put${kind}PermissionsBoundary`](call) {
      const entity: Entity = find(call);
      entity.permissionsBoundaryArn = findPolicy(call, call.params.required('PermissionsBoundary')).arn;
      return undefined;
    },

    [`Delete${kind}PermissionsBoundary`](call) {
      const entity: Entity = find(call);
      delete entity.permissionsBoundaryArn;
      return undefined;
    },
  };
}
