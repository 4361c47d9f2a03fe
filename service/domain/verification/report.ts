import type { ErrorCode } from '../errors.js';
import { type InconclusiveReason, type NoVerdict, noVerdict } from '../inconclusive.js';
import type { Clock, StsAnswer } from '../ports.js';
import type { Cause, Check, CheckName, Probe } from '../verification.js';
import type { PermissionsReport } from './permissions-report.js';

/** The report of a verification in progress: each check and each AWS call, in order. */
export class VerificationReport {
  readonly checks: Check[] = [];
  readonly probes: Probe[] = [];
  readonly startedAt: string;
  /** The result of the permissions check. */
  permissions: PermissionsReport | undefined;
  /** The last alias of the account that was read. */
  accountAlias: string | undefined;
  /** The last trust policy that was read. */
  currentPolicy: string | undefined;
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

  pass(name: CheckName, message: string, found: Pick<Check, 'alsoTrusted' | 'wholeAccounts'> = {}): void {
    this.#record({ name, outcome: 'passed', message, ...found, at: this.now() });
  }

  /** Records an unknown result, which is not a failure. */
  notChecked(name: CheckName, message: string, remedy: string): void {
    this.#record({ name, outcome: 'not_checked', message, remedy, at: this.now() });
  }

  /** Records a failed check that does not end the verification. */
  warn(name: CheckName, code: ErrorCode, message: string, remedy: string): void {
    this.#record({ name, outcome: 'failed', code, message, remedy, at: this.now() });
  }

  /** The members that every verdict has. */
  contents() {
    const { startedAt, checks, probes, permissions, accountAlias } = this;
    return {
      startedAt,
      finishedAt: this.now(),
      ...(accountAlias && { accountAlias }),
      checks,
      probes,
      ...(permissions && { permissions }),
    };
  }

  /** Records a failed check and ends the verification. @throws CheckFailed */
  fail(name: CheckName, code: ErrorCode, message: string, remedy: string, causes?: readonly Cause[]): never {
    this.#record({ name, outcome: 'failed', code, message, remedy, at: this.now() });
    throw new CheckFailed(code, message, remedy, causes);
  }

  /** The answer, if it allows or denies. @throws Inconclusive for any other answer */
  requireVerdict<Allowed, Reason>(answer: StsAnswer<Allowed, Reason>, probe: Probe['probe']) {
    this.probed(answer, probe);
    if (answer.outcome === 'inconclusive') throw Inconclusive.because(answer.reason);
    return answer;
  }

  probed(answer: StsAnswer<unknown, unknown>, probe: Probe['probe']): void {
    this.probes.push({ probe, at: this.now(), outcome: answer.outcome, requestId: answer.requestId });
  }

  #record(check: Check): void {
    this.checks.push(check);
    this.#onCheck(check);
  }
}

export class CheckFailed extends Error {
  constructor(
    readonly code: ErrorCode,
    override readonly message: string,
    readonly remedy: string,
    readonly causes: readonly Cause[] | undefined,
  ) {
    super(message);
  }
}

export class Inconclusive extends Error {
  constructor(readonly verdict: NoVerdict) {
    super(verdict.message);
  }

  static because = (reason: InconclusiveReason) => new Inconclusive(noVerdict(reason));

  /** The role, its trust policy or a session of it has not propagated yet. */
  static propagating = (message: string) =>
    new Inconclusive({ reason: 'propagating', message, retryAfterSeconds: 1 });
}
