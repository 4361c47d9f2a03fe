import { RolebridgeApiError, RolebridgeUnreachableError, ServiceUrlError } from '../../client/index.js';
import { ConfigurationError } from '../configuration-error.js';
import { RolebridgeError } from '../domain/errors.js';
import { exitCodes } from './exit-codes.js';
import { printable } from './print.js';
import type { Terminal } from './terminal.js';

/** The command was written wrongly: the message says how, the remedy what to write. */
export class UsageError extends Error {
  readonly remedy: string | undefined;
  constructor(message: string, remedy?: string) {
    super(message);
    this.remedy = remedy;
  }
}

/** A command that has shown all there is to show and ends with this code. */
export class Ended extends Error {
  readonly exitCode: number;
  constructor(exitCode: number) {
    super(`ended with ${exitCode}`);
    this.exitCode = exitCode;
  }
}

interface Failure {
  readonly exitCode: number;
  readonly code: string;
  readonly detail: string;
  readonly remedy?: string | undefined;
  readonly problem?: Readonly<Record<string, unknown>>;
}

/** Says what went wrong, for people or as JSON, and with which code to end. A bug shows its stack. */
export function reportFailure(error: unknown, terminal: Terminal, asJson: boolean): number {
  if (error instanceof Ended) return error.exitCode;
  const failure = failureOf(error);
  if (failure === undefined) {
    terminal.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    return exitCodes.refused;
  }
  const { exitCode, code, detail, remedy, problem } = failure;
  terminal.stderr.write(
    asJson ? `${JSON.stringify({ ...problem, code, detail, remedy })}\n` : `${forPeople(failure)}\n`,
  );
  return exitCode;
}

function failureOf(error: unknown): Failure | undefined {
  if (error instanceof UsageError)
    return { exitCode: exitCodes.usage, code: 'usage', detail: error.message, remedy: error.remedy };
  if (error instanceof ServiceUrlError || error instanceof ConfigurationError)
    return { exitCode: exitCodes.usage, code: 'configuration', detail: error.message };
  if (error instanceof RolebridgeUnreachableError)
    return {
      exitCode: exitCodes.inconclusive,
      code: error.reason,
      detail: error.message,
      remedy: error.remedy,
    };
  if (error instanceof RolebridgeApiError) {
    const { code, detail, remedy, problem, status, requestId } = error;
    const exitCode = status === 429 || status === 503 ? exitCodes.inconclusive : exitCodes.refused;
    return { exitCode, code, detail, remedy, problem: { ...problem, requestId } };
  }
  if (error instanceof RolebridgeError) {
    const { code, detail, remedy, members } = error;
    const isInconclusive = code === 'store_unavailable' || error.retryAfterSeconds !== undefined;
    return {
      exitCode: isInconclusive ? exitCodes.inconclusive : exitCodes.refused,
      code,
      detail,
      remedy,
      problem: members,
    };
  }
  return undefined;
}

function forPeople({ code, detail, remedy, problem }: Failure): string {
  const isOurs = ['usage', 'configuration', 'unreachable', 'timed_out'].includes(code);
  return [
    `rolebridge: ${isOurs ? '' : `${code}: `}${printable(detail)}`,
    ...(remedy ? [`  ${printable(remedy)}`] : []),
    ...verificationLines(problem),
  ].join('\n');
}

/** The findings of a failed verification. */
function verificationLines(problem: Failure['problem']): string[] {
  const { checks, diagnosis, trustPolicy } = (problem ?? {}) as {
    checks?: { name: string; outcome: string; message: string }[];
    diagnosis?: { causes: { likelihood: string; explanation: string }[] };
    trustPolicy?: string;
  };
  return [
    ...(checks ?? []).map(
      ({ name, outcome, message }) => `  check ${name}: ${outcome}: ${printable(message)}`,
    ),
    ...(diagnosis?.causes ?? []).map(
      ({ likelihood, explanation }) => `  cause (${likelihood}): ${printable(explanation)}`,
    ),
    ...(trustPolicy ? ['  The trust policy to paste:', trustPolicy] : []),
  ];
}
