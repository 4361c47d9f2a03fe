import { type ConditionContext, evaluateConditions, matchesPattern, resolveVariables } from './conditions.js';

type Texts = string | readonly string[];

/** `"*"`, or a type (`AWS`, `Service`, …) with its principals. */
export type PrincipalElement = string | Record<string, Texts>;

/** A policy, after validation: a trust policy's statements have principals, any other's have resources. */
export interface Policy {
  Version?: string;
  Statement: Statement | Statement[];
}

/** One statement of it. */
export interface Statement {
  Sid?: string;
  Effect: 'Allow' | 'Deny';
  Principal?: PrincipalElement;
  NotPrincipal?: PrincipalElement;
  Action?: Texts;
  NotAction?: Texts;
  Resource?: Texts;
  NotResource?: Texts;
  Condition?: Record<string, Record<string, unknown>>;
}

/** The caller, as a trust policy can name it. */
export interface TrustCaller {
  partition: string;
  accountId: string;
  /** The user's ARN, the session's role ARN and its session ARN, unique ids: naming any of them names the caller. */
  arns: readonly string[];
}

/** One action on one role, by one caller. */
export interface TrustRequest {
  /** `sts:AssumeRole`, `sts:TagSession` or `sts:SetSourceIdentity`. */
  action: string;
  caller: TrustCaller;
  context: ConditionContext;
}

/** One action on one resource: an ARN, or `*`. */
export interface AccessRequest {
  action: string;
  resource: string;
  context: ConditionContext;
}

/** `implicit-deny` when no statement speaks for the caller. */
export type TrustDecision = 'allow' | 'explicit-deny' | 'implicit-deny';

/**
 * The decision of a trust policy on a request.
 *
 * @example
 * evaluateTrustPolicy(policy, { action: 'sts:AssumeRole', caller, context: new Map([['sts:externalid', ['x1']]]) })
 * @throws AwsError `SandboxCannotEvaluate`, never a decision that AWS might not make
 */
export function evaluateTrustPolicy(policy: Policy, request: TrustRequest): TrustDecision {
  const applying = applyingStatements(policy, request);
  if (applying.some(({ Effect }) => Effect === 'Deny')) return 'explicit-deny';
  return applying.length > 0 ? 'allow' : 'implicit-deny';
}

/** The statements that decide on a request. */
export function applyingStatements(policy: Policy, request: TrustRequest | AccessRequest): Statement[] {
  const variables = policy.Version === '2012-10-17';
  return statementsOf(policy).filter(
    (statement) =>
      concerns(statement, request, { variables }) &&
      evaluateConditions(statement.Condition ?? {}, request.context, { variables }),
  );
}

/** The AWS principals that a trust policy's statements of some kind name. */
export const principalsIn = (policy: Policy, filter = (_: Statement) => true): string[] =>
  statementsOf(policy)
    .filter(filter)
    .map(({ Principal, NotPrincipal }) => Principal ?? NotPrincipal)
    .flatMap((principal) => (typeof principal === 'object' ? [principal.AWS ?? []].flat() : []));

export const statementsOf = ({ Statement }: Policy): Statement[] => [Statement].flat();

/** Whether a statement names the action, and the caller or resource; conditions are not evaluated. */
export function concerns(
  statement: Statement,
  request: TrustRequest | AccessRequest,
  { variables }: { variables: boolean },
): boolean {
  const { Action, NotAction, Principal, NotPrincipal, Resource, NotResource } = statement;
  const action = request.action.toLowerCase();
  const isAction = (pattern: string) => matchesPattern(action, pattern.toLowerCase());
  if (!includes(Action, NotAction, (actions) => [actions].flat().some(isAction))) return false;
  if ('caller' in request)
    return includes(Principal, NotPrincipal, (one) => matchesPrincipal(one, request.caller));
  const { resource, context } = request;
  // A request for the resource `*` is for all resources: only `*` includes it.
  const isResource = (pattern: string) => {
    const resolved = variables ? resolveVariables(pattern, context) : pattern;
    return (
      resolved === '*' || (resolved !== undefined && resource !== '*' && matchesPattern(resource, resolved))
    );
  };
  return includes(Resource, NotResource, (resources) => [resources].flat().some(isResource));
}

/** An element, or its `Not…`: a statement with neither includes nothing. */
function includes<Element>(
  element: Element | undefined,
  opposite: Element | undefined,
  isIn: (element: Element) => boolean,
): boolean {
  return opposite === undefined ? element !== undefined && isIn(element) : !isIn(opposite);
}

/** Services and federated identities don't call AssumeRole, so only `AWS` principals are looked at. */
function matchesPrincipal(principal: PrincipalElement, { partition, accountId, arns }: TrustCaller): boolean {
  const names = typeof principal === 'string' ? principal : (principal.AWS ?? []);
  const all = [
    '*',
    ...(typeof principal === 'string' ? [] : [accountId, `arn:${partition}:iam::${accountId}:root`, ...arns]),
  ];
  return [names].flat().some((name) => all.includes(name));
}
