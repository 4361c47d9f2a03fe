import { AwsError } from './aws-error.js';
import { denied, type PolicyKind } from './denial.js';
import type { SandboxRequest } from './requests.js';

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

interface FaultScope {
  /** The actions it hits, such as `AssumeRole`. @default - every action */
  action?: string | readonly string[];
  /** The role that a call must name. @default - any role or none */
  roleArn?: string;
  /** A filter of calls, for the second call or those without an external ID. @default - every call */
  matches?: (call: SandboxRequest) => boolean;
  /** How many calls it hits before it is spent. @default - all of them */
  times?: number;
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
  take(call: SandboxRequest): Fault | undefined {
    const hit = this.faults.find(({ fault, left }) => left > 0 && hits(fault, call));
    if (hit) hit.left -= 1;
    return hit?.fault;
  }
}

/** The error that a fault answers with, or undefined when it isn't an answer but silence, delay or noise. */
export function faultError(
  fault: Fault,
  call: SandboxRequest,
  { arn, accountId }: { arn: string; accountId: string },
): AwsError | undefined {
  const denial = { arn, action: `${call.service}:${call.action}`, resource: call.roleArn ?? '*' };
  switch (fault.kind) {
    case 'throttle':
      return new AwsError('Throttling', 'Rate exceeded');
    case 'error':
      return fault.status === 503
        ? new AwsError(
            'ServiceUnavailable',
            'The request has failed due to a temporary failure of the server.',
          )
        : new AwsError('InternalFailure', 'The request processing has failed because of an unknown error.');
    case 'expired-token':
      return new AwsError('ExpiredToken', 'The security token included in the request is expired');
    case 'region-disabled':
      return new AwsError(
        'RegionDisabledException',
        `STS is not activated in this region for account:${accountId}. Your account administrator can activate STS in this region using the IAM Console.`,
      );
    case 'denied-by-organization':
      return denied({ ...denial, by: 'scp', explicit: true }, fault.because);
    case 'denied':
      return denied({ ...denial, by: fault.by, explicit: fault.explicit ?? false });
    default:
      return undefined;
  }
}

function hits(fault: Fault, call: SandboxRequest): boolean {
  return (
    [fault.action ?? call.action].flat().includes(call.action) &&
    (fault.roleArn ?? call.roleArn) === call.roleArn &&
    (fault.matches?.(call) ?? true)
  );
}
