import { AwsError } from './aws-error.js';
import { denialText, type POLICY_KINDS } from './denial.js';

/** A fault, the calls that it applies to, and how often. */
export type Fault = FaultScope &
  (
    | { kind: 'throttle' }
    | { kind: 'error'; status?: 500 | 503 }
    | { kind: 'timeout' }
    | { kind: 'delay'; delayMs: number }
    | { kind: 'reset' }
    | { kind: 'garbage'; body?: string }
    | { kind: 'expired-token' }
    | { kind: 'region-disabled' }
    /** `because`: the end of the denial's text. @default with an explicit deny in a service control policy */
    | { kind: 'denied-by-organization'; because?: string }
    /** A denial by the caller's side (the vendor's, for AssumeRole), in AWS's words for this kind of policy. */
    | { kind: 'denied'; by: PolicyKind; explicit?: boolean }
  );

/** A kind of policy that AWS names when it denies. */
export type PolicyKind = keyof typeof POLICY_KINDS;

interface FaultScope {
  /** The actions it hits, such as `AssumeRole`. @default - every action */
  action?: string | readonly string[];
  /** Only calls that name this role. @default - with any role or none */
  roleArn?: string;
  /** Only calls for which this answers true: to hit the second call, or those without an external ID. */
  matches?: (call: FaultableCall) => boolean;
  /** How many calls it hits before it is spent. @default - all of them */
  times?: number;
}

/** How a fault is distinguished. */
export interface FaultableCall {
  service: 'iam' | 'sts';
  action: string;
  region?: string;
  roleArn?: string;
  externalId?: string;
  accessKeyId?: string;
}

/** The faults that are set. Several can be: each call is hit by the first that matches it. */
export interface Faults {
  /** Adds a fault. */
  set(fault: Fault): void;
  /** Removes every fault. */
  clear(): void;
}

/** Holds the faults and counts their uses. */
export class FaultList implements Faults {
  private faults: { fault: Fault; left: number }[] = [];

  set(fault: Fault): void {
    this.faults.push({ fault, left: fault.times ?? Number.POSITIVE_INFINITY });
  }

  clear(): void {
    this.faults = [];
  }

  /** The fault that hits this call, with one of its uses taken. */
  take(call: FaultableCall): Fault | undefined {
    const hit = this.faults.find(({ fault, left }) => left > 0 && hits(fault, call));
    if (hit) hit.left -= 1;
    return hit?.fault;
  }
}

/** The error that a fault answers with, or undefined when it isn't an answer but silence, delay or noise. */
export function faultError(
  fault: Fault,
  call: FaultableCall,
  caller: { arn: string; accountId: string },
): AwsError | undefined {
  switch (fault.kind) {
    case 'throttle':
      return new AwsError('Throttling', 'Rate exceeded', 400);
    case 'error':
      return fault.status === 503
        ? new AwsError(
            'ServiceUnavailable',
            'The request has failed due to a temporary failure of the server.',
            503,
          )
        : new AwsError(
            'InternalFailure',
            'The request processing has failed because of an unknown error.',
            500,
          );
    case 'expired-token':
      return new AwsError('ExpiredToken', 'The security token included in the request is expired', 403);
    case 'region-disabled':
      return new AwsError(
        'RegionDisabledException',
        `STS is not activated in this region for account:${caller.accountId}. Your account administrator can activate STS in this region using the IAM Console.`,
        403,
      );
    case 'denied-by-organization':
      return new AwsError(
        'AccessDenied',
        `User: ${caller.arn} is not authorized to perform: sts:${call.action} on resource: ${call.roleArn ?? '*'} ${fault.because ?? 'with an explicit deny in a service control policy'}`,
        403,
      );
    case 'denied':
      return new AwsError(
        'AccessDenied',
        denialText({
          arn: caller.arn,
          action: `${call.service}:${call.action}`,
          resource: call.roleArn ?? '*',
          by: fault.by,
          explicit: fault.explicit ?? false,
        }),
        403,
      );
    default:
      return undefined;
  }
}

function hits(fault: Fault, call: FaultableCall): boolean {
  const actions = fault.action === undefined ? undefined : [fault.action].flat();
  if (actions && !actions.includes(call.action)) return false;
  if (fault.roleArn !== undefined && fault.roleArn !== call.roleArn) return false;
  return fault.matches?.(call) ?? true;
}
