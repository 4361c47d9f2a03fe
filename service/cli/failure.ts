import { RolebridgeApiError, RolebridgeUnreachableError, ServiceUrlError } from '../../client/index.js';
import { ConfigurationError } from '../configuration-error.js';
import { RolebridgeError } from '../domain/errors.js';
import { exitCodes } from './exit-codes.js';
import { printable } from './print.js';
import type { Terminal } from './terminal.js';

/** A mistake in a command or its input. The remedy is the correct form. */
export class UsageError extends Error {
  constructor(
    message: string,
    readonly remedy?: string,
  ) {
    super(message);
  }
}

/** Ends a command that has printed its result, with this exit code. */
export class ExitCode extends Error {
  constructor(readonly exitCode: number) {
    super(`ended with ${exitCode}`);
  }
}

interface Failure {
  readonly exitCode: number;
  readonly code: string;
  readonly detail: string;
  readonly remedy?: string | undefined;
  readonly problem?: Readonly<Record<string, unknown>>;
}

/**
 * Prints the error, for people or as JSON, and returns the exit code. A bug shows its stack.
 * @param forTerminal - puts commands and options in the place of the API's calls and members
 */
export function reportFailure(
  error: unknown,
  terminal: Terminal,
  asJson: boolean,
  forTerminal: (text: string) => string,
): number {
  if (error instanceof ExitCode) return error.exitCode;
  const failure = failureOf(error);
  if (failure === undefined) {
    terminal.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    return exitCodes.refused;
  }
  const { exitCode, code, detail, remedy, problem } = failure;
  terminal.stderr.write(
    asJson
      ? `${JSON.stringify({ ...problem, code, detail, remedy })}\n`
      : `${forPeople(failure, forTerminal)}\n`,
  );
  return exitCode;
}

function failureOf(error: unknown): Failure | undefined {
  if (error instanceof UsageError)
    return { exitCode: exitCodes.usage, code: 'usage', detail: error.message, remedy: error.remedy };
  if (error instanceof ServiceUrlError || error instanceof ConfigurationError)
    return { exitCode: exitCodes.usage, code: 'configuration', detail: error.message };
  if (error instanceof RolebridgeUnreachableError) {
    const { reason: code, message: detail, remedy } = error;
    return { exitCode: exitCodes.inconclusive, code, detail, remedy };
  }
  if (error instanceof RolebridgeApiError) {
    const { code, detail, remedy, problem, status, requestId } = error;
    const exitCode = status === 429 || status === 503 ? exitCodes.inconclusive : exitCodes.refused;
    return { exitCode, code, detail, remedy, problem: { ...problem, requestId } };
  }
  if (error instanceof RolebridgeError) {
    const { code, detail, remedy, members: problem, retryAfterSeconds } = error;
    const isInconclusive = code === 'store_unavailable' || retryAfterSeconds !== undefined;
    const exitCode = isInconclusive ? exitCodes.inconclusive : exitCodes.refused;
    return { exitCode, code, detail, remedy, problem };
  }
  return undefined;
}

const howToAuthenticate =
  'Give a valid API key with --api-key-file or ROLEBRIDGE_API_KEY, or an operator token with ROLEBRIDGE_OPERATOR_TOKEN. "rolebridge api-keys list" shows which keys expired or were revoked.';

function forPeople(
  { code, detail, remedy, problem }: Failure,
  forTerminal: (text: string) => string,
): string {
  // The service's own remedy is about a header.
  const shown = code === 'unauthorized' ? howToAuthenticate : remedy && forTerminal(remedy);
  const isOurs = ['usage', 'configuration', 'unreachable', 'timed_out'].includes(code);
  const lines = [
    `rolebridge: ${isOurs ? '' : `${code}: `}${forTerminal(detail)}`,
    ...(shown ? [`  ${shown}`] : []),
    ...verificationLines(problem),
  ];
  return printable(lines.join('\n'));
}

/** The findings of a failed verification. */
function verificationLines(problem: Failure['problem']): string[] {
  const { checks, diagnosis, trustPolicy } = (problem ?? {}) as {
    checks?: { name: string; outcome: string; message: string }[];
    diagnosis?: { causes: { likelihood: string; explanation: string }[] };
    trustPolicy?: string;
  };
  return [
    ...(checks ?? []).map(({ name, outcome, message }) => `  check ${name}: ${outcome}: ${message}`),
    ...(diagnosis?.causes ?? []).map(
      ({ likelihood, explanation }) => `  cause (${likelihood}): ${explanation}`,
    ),
    ...(trustPolicy ? ['  The trust policy to paste:', trustPolicy] : []),
  ];
}
