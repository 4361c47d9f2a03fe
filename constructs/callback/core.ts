/**
 * The signed callback: sign, send until there is a verdict, judge the answer. The one source of the script that
 * Terraform runs, of the Terraform module's and of the Lambda function in CloudFormation (`build.mjs`).
 */
import { createHmac, randomBytes } from 'node:crypto';
import { type Failure, type OnWait, untilDecided } from './attempts';
import { type Answer, exchange, objectOf, parseCallbackUrl } from './network';
import { type Place, sentence } from './place';

export type { Failure };

/** A callback to send. */
export interface CallbackEvent {
  readonly type: string;
  readonly url: string;
  readonly secret: string;
  /** A function is called for each attempt. */
  readonly data: CallbackData | (() => CallbackData);
  /** How long to try. */
  readonly timeoutMs: number;
}

type CallbackData = Readonly<Record<string, unknown>>;

export type Outcome = { readonly answer: Answer } | { readonly failure: Failure };

/** How long a registration and a deregistration are tried when nothing else is set. */
export const TIMEOUT_SECONDS = { register: 120, deregister: 15 };

/** Sends the event with the same `webhook-id` each time, until there is a verdict or no time is left. */
export async function send(event: CallbackEvent, place: Place, onWait: OnWait): Promise<Outcome> {
  const url = parseCallbackUrl(event.url);
  const key = secretKey(event.secret, place);
  if (url === undefined)
    return failed(
      'callback_url_invalid',
      `The callback URL ${JSON.stringify(event.url)} is neither https nor http on loopback, or has credentials in it.`,
      "Set the callback URL to this connection's, as its set-up page shows it.",
    );
  if (!(key instanceof Uint8Array)) return { failure: key };

  const id = `msg_${randomBytes(16).toString('hex')}`;
  const timestamp = new Date().toISOString();
  let data: CallbackData = {};
  const attempted = await untilDecided(
    event.timeoutMs,
    (timeoutMs) => {
      data = typeof event.data === 'function' ? event.data() : event.data;
      const body = JSON.stringify({ type: event.type, timestamp, data });
      return exchange(url, { headers: signedHeaders(id, body, key), body, timeoutMs, place });
    },
    onWait,
  );
  if ('failure' in attempted) return attempted;
  if ('answer' in attempted) return verdict(event.type, data, url, attempted.answer, place);
  return { failure: inconclusive(event, url, attempted.last, attempted.inconclusive, place) };
}

/** https://www.standardwebhooks.com: `id.timestamp.body`, HMAC-SHA256. */
function signedHeaders(id: string, body: string, key: Uint8Array): Record<string, string> {
  const timestamp = Math.floor(Date.now() / 1000);
  const signature = createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64');
  return {
    'content-type': 'application/json',
    'webhook-id': id,
    'webhook-timestamp': String(timestamp),
    'webhook-signature': `v1,${signature}`,
  };
}

/** The name of the secret's variable for one connection, where there are several. */
export const secretVariable = (connectionId: string): string =>
  `CONNECT_CALLBACK_SECRET_${connectionId.toUpperCase()}`;

function secretKey(secret: string, { secret: remedy }: Place): Uint8Array | Failure {
  if (secret === '')
    return { code: 'callback_secret_missing', detail: 'There is no callback secret.', remedy };
  const base64 = /^whsec_([A-Za-z0-9+/]+={0,2})$/.exec(secret)?.[1];
  const key = Buffer.from(base64 ?? '', 'base64');
  return key.length >= 16
    ? key
    : {
        code: 'callback_secret_invalid',
        detail: 'The callback secret is not "whsec_" and base64 of at least 16 bytes.',
        remedy,
      };
}

function verdict(type: string, data: CallbackData, url: URL, answer: Answer, place: Place): Outcome {
  const { status, body } = answer;
  // Anything can answer 200: a proxy's page, a wrong URL. Only the contract's own words count.
  if (status === 200 && body !== undefined && answersTo(type, data, body)) return { answer };
  if (status === 401)
    return failed(
      textOf(body?.code) ?? 'unauthorized',
      textOf(body?.detail) ??
        "The signature was not accepted: it is another connection's secret, the connection is unknown, or this machine's clock is minutes off.",
      textOf(body?.remedy) ?? `${place.secret} Check this machine's clock too.`,
      answer,
    );
  if (status >= 400)
    return failed(
      textOf(body?.code) ?? `http_${status}`,
      textOf(body?.detail) ?? textOf(body?.title) ?? `${url.host} answered ${status} without a reason.`,
      textOf(body?.remedy) ??
        `Check the callback URL, or ask the support of ${url.host}, with the time and the connection id.`,
      answer,
    );
  return failed(
    'answer_unexpected',
    status === 200
      ? `The answer of ${url.host} does not say that this connection is connected.`
      : `${url.host} answered ${status}${status >= 300 ? ', a redirect, which is not followed' : ''}.`,
    "Set the callback URL to this connection's, and check for a proxy in between.",
    answer,
  );
}

function answersTo(type: string, data: CallbackData, body: Readonly<Record<string, unknown>>): boolean {
  if (type === 'connection.check') return isChecked(body.checks);
  if (type === 'account.enrolled') return body.connectionId !== undefined;
  if (body.id !== data.connectionId) return false;
  if (type !== 'role.provisioned') return true;
  return body.status === 'connected' && (body.roleArn === undefined || body.roleArn === data.roleArn);
}

/** An outcome that this script doesn't know must not count as passed. */
const isChecked = (checks: unknown): boolean =>
  Array.isArray(checks) &&
  checks.length > 0 &&
  checks.every((check) => /^(passed|failed|not_checked)$/.test(textOf(objectOf(check)?.outcome) ?? ''));

function inconclusive(
  event: CallbackEvent,
  url: URL,
  answer: Answer | undefined,
  reason: string,
  { again }: Place,
): Failure {
  const seconds = event.timeoutMs / 1000;
  const code = textOf(answer?.body?.code);
  if (answer === undefined)
    return {
      isInconclusive: true,
      code: 'unreachable',
      detail: `The service at ${url.host} could not be reached within ${seconds} s: ${reason}.`,
      remedy: `Check the callback URL and this machine's network path to it (firewall, HTTPS_PROXY). If both are right, the service is down: ${again} later.`,
    };
  const isDown = code === undefined;
  return {
    isInconclusive: true,
    code: code ?? 'service_unavailable',
    detail:
      textOf(answer.body?.detail) ??
      `The service at ${url.host} is down: it answered ${reason} for ${seconds} s.`,
    remedy:
      textOf(answer.body?.remedy) ??
      `${isDown ? 'Nothing is wrong with your configuration. ' : ''}${sentence(again)} in a few minutes; there is nothing to undo.`,
    answer,
  };
}

const failed = (code: string, detail: string, remedy: string, answer?: Answer): Outcome => ({
  failure: { code, detail, remedy, ...(answer && { answer }) },
});

/** A text with something in it. */
export const textOf = (value: unknown): string | undefined =>
  typeof value === 'string' && value !== '' ? value : undefined;

/** The JSON objects of a list. */
export const objectsOf = (value: unknown): Record<string, unknown>[] =>
  (Array.isArray(value) ? value : []).map(objectOf).filter((each) => each !== undefined);
