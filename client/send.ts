import type { Agent } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { RolebridgeApiError, RolebridgeUnreachableError } from './errors.js';
import { sendRequest } from './request.js';

/** Options of every call. */
export interface CallOptions {
  /** Aborts the call, which then throws the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  /** Makes a call that creates something idempotent: the same key gets the same answer for 24 hours. */
  readonly idempotencyKey?: string | undefined;
}

interface SendOptions extends CallOptions {
  readonly url: URL;
  readonly method: string;
  readonly token: string | undefined;
  /** The organization that an operator acts for. */
  readonly organization?: string | undefined;
  readonly body?: unknown;
  /** The answer has one JSON value on each line. */
  readonly isLines?: boolean | undefined;
  readonly isIdempotent: boolean;
  /** The timeout of one attempt. */
  readonly timeoutMs: number;
  readonly agent?: Agent | undefined;
  /** The limit of all waits for Retry-After together. */
  readonly maxRetryWaitMs: number;
}

/**
 * Sends a request, and retries an idempotent one after the time in Retry-After. A request without an answer is not
 * retried.
 * @throws RolebridgeApiError, RolebridgeUnreachableError, the signal's reason
 */
export async function send(options: SendOptions): Promise<unknown> {
  for (let waitedMs = 0; ; ) {
    try {
      return await attempt(options);
    } catch (error) {
      const seconds = error instanceof RolebridgeApiError ? error.retryAfterSeconds : undefined;
      if (seconds === undefined || !options.isIdempotent) throw error;
      // Jitter: callers with the same time don't all retry together.
      const waitMs = seconds * 1000 + Math.random() * 250;
      if (waitedMs + waitMs > options.maxRetryWaitMs) throw error;
      waitedMs += waitMs;
      await sleep(waitMs, undefined, { signal: options.signal }).catch(() =>
        options.signal?.throwIfAborted(),
      );
    }
  }
}

async function attempt(options: SendOptions): Promise<unknown> {
  const { url, method, token, organization, body, timeoutMs, signal, agent, idempotencyKey } = options;
  const timeout = AbortSignal.timeout(timeoutMs);
  const answer = await sendRequest({
    url,
    method,
    agent,
    headers: {
      accept: 'application/json',
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
      ...(organization !== undefined && { 'rolebridge-organization': organization }),
      ...(idempotencyKey !== undefined && { 'idempotency-key': idempotencyKey }),
      ...(body !== undefined && { 'content-type': 'application/json' }),
    },
    body: body === undefined ? undefined : JSON.stringify(body),
    maxLength: options.isLines ? 512 * 1024 * 1024 : undefined,
    signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
  }).catch((error: unknown) => {
    signal?.throwIfAborted();
    throw timeout.aborted
      ? new RolebridgeUnreachableError(
          'timed_out',
          `${url.origin} did not answer within ${timeoutMs / 1000} seconds.`,
          'Try again; the result of the request is unknown.',
        )
      : unreachable(url, error);
  });
  if (answer.status === 204) return undefined;
  if (options.isLines && answer.status === 200) return linesOf(answer.text);
  const value = parsed(answer.text);
  if (answer.status >= 200 && answer.status < 300 && value !== undefined) return value;
  throw problemOf(answer, value, url);
}

/** The lines before the last one, `end`. An answer without it was cut off. */
function linesOf(text: string): unknown[] {
  const lines = text.split('\n').map(parsed);
  const end = lines.findIndex((line) => (line as { kind?: unknown } | undefined)?.kind === 'end');
  if (end !== -1) return lines.slice(0, end);
  throw new RolebridgeUnreachableError('unreachable', 'The answer was cut off.', 'Try again.');
}

/** The error of an answer that is no success. */
export function problemOf(
  { status, headers }: Awaited<ReturnType<typeof sendRequest>>,
  value: unknown,
  url: URL,
): RolebridgeApiError {
  const seconds = Number(headers['retry-after'] ?? Number.NaN);
  const requestId = headers['x-request-id'];
  const { code, detail } = (value ?? {}) as { code?: unknown; detail?: unknown };
  const isProblem = typeof code === 'string' && typeof detail === 'string';
  const unexpected =
    status === 407
      ? {
          detail: 'The proxy requires a user name and password.',
          remedy: 'Set HTTPS_PROXY to http://USER:PASSWORD@HOST:PORT.',
        }
      : {
          detail: `${url.origin} answered ${status} (${headers['content-type'] ?? 'no content type'}), which is not a Rolebridge response.`,
          remedy: 'Check that the URL is the address of the service.',
        };
  return new RolebridgeApiError({
    status,
    requestId: typeof requestId === 'string' ? requestId : undefined,
    ...(Number.isFinite(seconds) && { retryAfterSeconds: Math.max(0, seconds) }),
    problem: isProblem
      ? { ...(value as object), code, detail }
      : { code: 'unexpected_answer', ...unexpected },
  });
}

/** The JSON value; undefined if the text is not JSON. */
export function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The error of a request without an answer. For a certificate, it names the variable that a company's network needs. */
export function unreachable(url: URL, error: unknown): RolebridgeUnreachableError {
  const { code, message = 'unknown reason' } = error as { code?: string; message?: string };
  const isOfAuthority = /UNABLE_TO_(GET_ISSUER|VERIFY_LEAF)|SELF_SIGNED/.test(code ?? '');
  return new RolebridgeUnreachableError(
    'unreachable',
    `${url.origin} can't be reached: ${code ?? message}.`,
    isOfAuthority
      ? "If your company's proxy or CA issued its certificate, set NODE_EXTRA_CA_CERTS to the file with your company's CA certificate (PEM)."
      : 'Check the URL, that the service runs, and the network between (HTTPS_PROXY).',
    error,
  );
}
