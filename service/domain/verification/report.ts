import type { ErrorCode } from '../errors.js';
import { inconclusiveMessages, type NoVerdict } from '../inconclusive.js';
import type { Clock, StsAnswer } from '../ports.js';
import type { Cause, Check, CheckName, Probe } from '../verification.js';
import type { PermissionsReport } from './permissions-report.js';

/** The report of a verification in progress: each check and each AWS call, in order. */
export class VerificationReport {
  readonly checks: Check[] = [];
  readonly probes: Probe[] = [];
  readonly startedAt: string;
  /** Set by the check of the permissions. */
  permissions: PermissionsReport | undefined;
  /** That of the account, as it was read last. */
  accountAlias: string | undefined;
  /** The trust policy as it was read last. */
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

  pass(name: CheckName, message: string): void {
    this.#record({ name, outcome: 'passed', message, at: this.now() });
  }

  /** Unknown results, which aren't failures. */
  notChecked(name: CheckName, message: string, remedy: string): void {
    this.#record({ name, outcome: 'not_checked', message, remedy, at: this.now() });
  }

  /** A check that fails and refuses nothing. */
  warn(name: CheckName, code: ErrorCode, message: string, remedy: string): void {
    this.#record({ name, outcome: 'failed', code, message, remedy, at: this.now() });
  }

  /** Members of every verdict. */
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

  /** The first check that fails ends the verification. @throws VerificationFailed */
  fail(name: CheckName, code: ErrorCode, message: string, remedy: string, causes?: readonly Cause[]): never {
    this.#record({ name, outcome: 'failed', code, message, remedy, at: this.now() });
    throw new VerificationFailed(code, message, remedy, causes);
  }

  /** Only AccessDenied proves a denial. @throws Inconclusive for everything else */
  requireVerdict<Allowed, Reason>(answer: StsAnswer<Allowed, Reason>, probe: Probe['probe']) {
    this.probed(answer, probe);
    if (answer.outcome === 'inconclusive')
      throw new Inconclusive(answer.reason, ...inconclusiveMessages[answer.reason]);
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

export class VerificationFailed extends Error {
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
  readonly verdict: NoVerdict;
  constructor(reason: NoVerdict['reason'], message: string, retryAfterSeconds: number) {
    super(message);
    this.verdict = { reason, message, retryAfterSeconds };
  }
}
