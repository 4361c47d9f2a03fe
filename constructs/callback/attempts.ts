/** Requests again until there is an answer that decides, or no time is left: how every command here waits. */
import type { Answer, NoAnswer } from './network';

/** Why there is no answer that counts. */
export interface Failure {
  readonly code: string;
  readonly detail: string;
  readonly remedy: string;
  readonly answer?: Answer;
  /** No verdict: the same request may get one later. */
  readonly isInconclusive?: true;
}

/** Called before each wait, with the reason, or with 0 when no time is left. */
export type OnWait = (reason: string, waitMs: number) => void;

type Attempted =
  | { readonly answer: Answer }
  | { readonly failure: Failure }
  | { readonly inconclusive: string; readonly last: Answer | undefined };

const REQUEST_TIMEOUT_MS = 40_000;
const FIRST_WAIT_MS = 1_000;
const LONGEST_WAIT_MS = 10_000;

export async function untilDecided(
  timeoutMs: number,
  request: (timeoutMs: number) => Promise<Answer | NoAnswer>,
  onWait: OnWait,
): Promise<Attempted> {
  const deadline = Date.now() + timeoutMs;
  for (let attempt = 1; ; attempt += 1) {
    const answer = await request(Math.max(1, Math.min(REQUEST_TIMEOUT_MS, deadline - Date.now())));
    const isAnswer = !('problem' in answer);
    if (!isAnswer && answer.failure) return { failure: answer.failure };
    if (isAnswer && !isInconclusive(answer.status)) return { answer };

    const reason = isAnswer ? `${answer.status} ${codeOf(answer)}`.trim() : answer.problem;
    const askedMs = isAnswer ? retryAfterMs(answer.headers['retry-after']) : 0;
    const waitMs = Math.max(backoffMs(attempt), askedMs);
    if (Date.now() + waitMs >= deadline) {
      onWait(reason, 0);
      return { inconclusive: reason, last: isAnswer ? answer : undefined };
    }
    onWait(reason, waitMs);
    await new Promise((resolve) => setTimeout(resolve, waitMs));
  }
}

/** The line of a wait. */
export const waitText = (reason: string, waitMs: number): string =>
  `${reason}. ${waitMs > 0 ? `Trying again in ${(waitMs / 1000).toFixed(1)} s` : 'No time is left to try again'}`;

/** 429 and 503 are the contract's; a gateway before the service answers the others, and a 500 decides nothing. */
const isInconclusive = (status: number): boolean => status === 429 || status >= 500;

const codeOf = ({ body }: Answer): string => (typeof body?.code === 'string' ? body.code : '');

/** Half fixed, half random: connections that failed together don't retry together. */
function backoffMs(attempt: number): number {
  const longest = Math.min(FIRST_WAIT_MS * 2 ** (attempt - 1), LONGEST_WAIT_MS);
  return longest / 2 + (Math.random() * longest) / 2;
}

/** Seconds or an HTTP date (RFC 9110, 10.2.3). */
function retryAfterMs(text: string | undefined): number {
  if (text === undefined) return 0;
  if (/^\d+$/.test(text)) return Number(text) * 1000;
  const date = Date.parse(text);
  return Number.isNaN(date) ? 0 : Math.max(0, date - Date.now());
}
