import type { ErrorCode } from './errors.js';
import type { Clock, StsAnswer } from './ports.js';
import { type UndecidedByAws, undecidedMessages } from './undecided.js';
import type { Cause, Check, CheckName, Probe } from './verification.js';

export type UndecidedReason = UndecidedByAws | 'propagating';

/** What a verification has found so far: each check and each call of AWS, in order. */
export class Receipt {
  readonly checks: Check[] = [];
  readonly probes: Probe[] = [];
  readonly startedAt: string;
  readonly #clock: Clock;
  readonly #onCheck: (check: Check) => void;

  constructor(clock: Clock, onCheck: (check: Check) => void) {
    this.#clock = clock;
    this.#onCheck = onCheck;
    this.startedAt = this.now();
  }

  now(): string {
    return new Date(this.#clock.now()).toISOString();
  }

  pass(name: CheckName, message: string): void {
    this.#record({ name, outcome: 'passed', message, at: this.now() });
  }

  /** The first check that fails ends the verification. @throws Refused */
  fail(name: CheckName, code: ErrorCode, message: string, remedy: string, causes?: readonly Cause[]): never {
    this.#record({ name, outcome: 'failed', code, message, remedy, at: this.now() });
    throw new Refused(code, message, remedy, causes);
  }

  /** Only AccessDenied proves a denial. @throws Undecided for what is no verdict on the role */
  decided<Allowed>(answer: StsAnswer<Allowed>, probe: Probe['probe']) {
    this.probes.push({ probe, at: this.now(), outcome: answer.outcome, requestId: answer.requestId });
    if (answer.outcome === 'undecided')
      throw new Undecided(answer.reason, ...undecidedMessages[answer.reason]);
    return answer;
  }

  #record(check: Check): void {
    this.checks.push(check);
    this.#onCheck(check);
  }
}

export class Refused extends Error {
  constructor(
    readonly code: ErrorCode,
    override readonly message: string,
    readonly remedy: string,
    readonly causes: readonly Cause[] | undefined,
  ) {
    super(message);
  }
}

export class Undecided extends Error {
  readonly verdict: { reason: UndecidedReason; message: string; retryAfterSeconds: number };
  constructor(reason: UndecidedReason, message: string, retryAfterSeconds: number) {
    super(message);
    this.verdict = { reason, message, retryAfterSeconds };
  }
}
