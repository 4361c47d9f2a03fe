import { decide, policiesOfCaller } from './access.js';
import type { Call } from './call.js';
import { denied } from './denial.js';
import type { AccessRequest } from './evaluate.js';
import { contextOfCaller } from './request-context.js';

/** The decision of the caller's side: identity-based and session policies, boundary, service control policies. */
export function authorizeCaller(
  { caller }: Call,
  request: AccessRequest,
  { identityDecides = true, shownResource = request.resource } = {},
): void {
  const decision = decide(policiesOfCaller(caller, request.action), request);
  const { deniedBy } = decision;
  if (deniedBy === undefined) return;
  if (!identityDecides && deniedBy === 'identity' && decision.decision === 'implicitDeny') return;
  throw denied({
    arn: caller.arn,
    action: request.action,
    resource: shownResource,
    by: deniedBy,
    explicit: decision.decision === 'explicitDeny',
  });
}

/** IAM names resources by their kind and name in a denial. */
export function authorizeIam(call: Call, operation: string): void {
  const { account, caller, params } = call;
  const base = `arn:${account.partition}:iam::${account.accountId}`;
  const roleName = params.optional('RoleName');
  const userName = params.optional('UserName') ?? (operation === 'GetUser' ? caller.userName : undefined);
  const source = params.optional('PolicySourceArn');
  const policyArn = /^(Attach|Detach)/.test(operation) ? undefined : params.optional('PolicyArn');
  const role = roleName === undefined ? undefined : account.roles.get(roleName.toLowerCase());
  const user = userName === undefined ? undefined : account.users.get(userName.toLowerCase());
  const [resource, shown] =
    roleName !== undefined
      ? [role?.arn ?? `${base}:role/${roleName}`, `role ${roleName}`]
      : userName !== undefined
        ? [user?.arn ?? `${base}:user/${userName}`, `user ${userName}`]
        : policyArn !== undefined
          ? [policyArn, `policy ${policyArn}`]
          : source !== undefined
            ? [source, source]
            : ['*', '*'];
  const context = new Map([...contextOfCaller(call), ['aws:resourceaccount', [account.accountId]] as const]);
  authorizeCaller(call, { action: `iam:${operation}`, resource, context }, { shownResource: shown });
}
