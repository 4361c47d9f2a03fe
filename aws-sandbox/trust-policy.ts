import { type ConditionContext, evaluateConditions, matchesPattern } from './conditions.js';

/** One action on one role, by one caller. */
export interface TrustRequest {
  /** `sts:AssumeRole`, `sts:TagSession` or `sts:SetSourceIdentity`. */
  action: string;
  caller: TrustCaller;
  context: ConditionContext;
}

/** The caller, as a trust policy can name it. */
export interface TrustCaller {
  partition: string;
  accountId: string;
  /** The user's ARN, the session's role ARN and its session ARN, unique ids: naming any of them names the caller. */
  arns: readonly string[];
}

/** `implicit-deny` when no statement speaks for the caller. */
export type TrustDecision = 'allow' | 'explicit-deny' | 'implicit-deny';

/** A trust policy, after validation. */
export interface TrustPolicy {
  Version?: string;
  Statement: TrustStatement | TrustStatement[];
}

/** One statement of it. */
export interface TrustStatement {
  Sid?: string;
  Effect: 'Allow' | 'Deny';
  Principal?: PrincipalElement;
  NotPrincipal?: PrincipalElement;
  Action?: string | string[];
  NotAction?: string | string[];
  Condition?: Record<string, Record<string, unknown>>;
}

/** `"*"`, or a type (`AWS`, `Service`, …) with its principals. */
export type PrincipalElement = string | Record<string, string | string[]>;

/**
 * The decision of a trust policy on a request.
 *
 * @example
 * evaluateTrustPolicy(policy, { action: 'sts:AssumeRole', caller, context: new Map([['sts:externalid', ['x1']]]) })
 * @throws AwsError `SandboxCannotEvaluate`, never a decision that AWS might not make
 */
export function evaluateTrustPolicy(policy: TrustPolicy, request: TrustRequest): TrustDecision {
  const applying = [policy.Statement].flat().filter(
    (statement) =>
      namesCaller(statement, request.caller) &&
      namesAction(statement, request.action) &&
      evaluateConditions(statement.Condition ?? {}, request.context, {
        variables: policy.Version === '2012-10-17',
      }),
  );
  if (applying.some(({ Effect }) => Effect === 'Deny')) return 'explicit-deny';
  return applying.length > 0 ? 'allow' : 'implicit-deny';
}

/** Does a statement's Action or NotAction include this action? Letter case doesn't count. */
export function namesAction(
  { Action, NotAction }: Pick<TrustStatement, 'Action' | 'NotAction'>,
  action: string,
): boolean {
  const named = (patterns: string | string[]) =>
    [patterns].flat().some((pattern) => matchesPattern(action.toLowerCase(), pattern.toLowerCase()));
  if (NotAction !== undefined) return !named(NotAction);
  return Action !== undefined && named(Action);
}

function namesCaller(statement: TrustStatement, caller: TrustCaller): boolean {
  if (statement.NotPrincipal !== undefined) return !principalIs(statement.NotPrincipal, caller);
  return statement.Principal !== undefined && principalIs(statement.Principal, caller);
}

function principalIs(principal: PrincipalElement, caller: TrustCaller): boolean {
  if (typeof principal === 'string') return principal === '*';
  return [principal.AWS ?? []].flat().some((name) => nameIs(name, caller));
}

/** Services and federated identities don't call AssumeRole, so only `AWS` principals are looked at. */
function nameIs(name: string, caller: TrustCaller): boolean {
  if (name === '*' || name === caller.accountId) return true;
  const root = `arn:${caller.partition}:iam::${caller.accountId}:root`;
  return name === root || caller.arns.includes(name);
}
