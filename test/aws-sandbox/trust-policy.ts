import { type ConditionContext, evaluateConditions, matchesPattern, type Verdict } from './conditions.js';

/** One action on one role, by one caller. */
export interface TrustRequest {
  /** `sts:AssumeRole`, `sts:TagSession` or `sts:SetSourceIdentity`. */
  action: string;
  caller: TrustCaller;
  context: ConditionContext;
}

/** Who calls, as a trust policy can name them. */
export interface TrustCaller {
  partition: string;
  accountId: string;
  /** The user's ARN, the session's role ARN and its session ARN: naming any of them names the caller. */
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
 * What a trust policy says to a request. What can't be evaluated never opens the door: it makes an Allow
 * not apply, and a Deny apply.
 *
 * @example
 * evaluateTrustPolicy(policy, { action: 'sts:AssumeRole', caller, context: new Map([['sts:externalid', ['x1']]]) })
 */
export function evaluateTrustPolicy(policy: TrustPolicy, request: TrustRequest): TrustDecision {
  const statements = [policy.Statement].flat();
  const applies = (effect: 'Allow' | 'Deny', enough: readonly Verdict[]) =>
    statements.some(
      (statement) => statement.Effect === effect && enough.includes(evaluateStatement(statement, request)),
    );
  if (applies('Deny', ['match', 'unknown'])) return 'explicit-deny';
  return applies('Allow', ['match']) ? 'allow' : 'implicit-deny';
}

function evaluateStatement(statement: TrustStatement, request: TrustRequest): Verdict {
  if (!namesCaller(statement, request.caller) || !namesAction(statement, request.action)) return 'no-match';
  return evaluateConditions(statement.Condition ?? {}, request.context);
}

function namesAction(statement: TrustStatement, action: string): boolean {
  const named = (patterns: string | string[]) =>
    [patterns].flat().some((pattern) => matchesPattern(action.toLowerCase(), pattern.toLowerCase()));
  if (statement.NotAction !== undefined) return !named(statement.NotAction);
  return statement.Action !== undefined && named(statement.Action);
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
