import { lookup as systemLookup } from 'node:dns';
import { type ClientRequest, type RequestOptions, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { isIP, type LookupFunction } from 'node:net';
import type { OutboxMessage } from '../domain/ports.js';
import { proxyAgentFor } from '../proxy-agent.js';
import { codeOf, messageOf } from '../unknown-value.js';
import { addressKind } from './address-kind.js';
import { signatureHeaders } from './signature-headers.js';

export interface DeliveryOptions {
  /** Allows endpoints at private addresses, with http: too. @default false */
  readonly allowsPrivate?: boolean | undefined;
  /** The timeout of one delivery, from name resolution to response status. @default 15,000 */
  readonly timeoutMs?: number;
  /** Resolves host names. @default the system's resolver */
  readonly lookup?: LookupFunction;
}

export interface Destination {
  readonly url: string;
  /** The secrets that sign; `whsec_…`. */
  readonly secrets: readonly string[];
}

/** The result of one attempt. */
export type DeliveryResult =
  | { readonly outcome: 'delivered'; readonly status: number }
  /** The endpoint refuses further messages (410). */
  | { readonly outcome: 'gone'; readonly status: number }
  | {
      readonly outcome: 'failed';
      readonly status?: number | undefined;
      /** The reason for the log, without content of the answer. */
      readonly reason: string;
      readonly retryAfterMs?: number | undefined;
      /** The endpoint can't be reached, so that other messages to it would fail as well. */
      readonly isUnreachable: boolean;
    };

/**
 * Sends one message once. Redirects are not followed, and only the status of the answer is read. The address of a name is
 * checked when the connection opens, so that the name can't resolve to another one after the check (DNS rebinding).
 */
export function createDelivery({ allowsPrivate = false, timeoutMs = 15_000, lookup }: DeliveryOptions) {
  return async function deliver(
    message: Pick<OutboxMessage, 'id' | 'body'>,
    { url: address, secrets }: Destination,
    { nowMs, signal }: { nowMs: number; signal?: AbortSignal },
  ): Promise<DeliveryResult> {
    const url = new URL(address);
    const isPlain = url.protocol === 'http:';
    const host = url.hostname.replace(/^\[|\]$/g, '');
    try {
      // Node does not look up a literal address.
      if (isIP(host) !== 0) assertAllowed(host, { allowsPrivate, isPlain });
    } catch (error) {
      return failed(error);
    }
    const ends = AbortSignal.timeout(timeoutMs);
    const options: RequestOptions = {
      method: 'POST',
      // A separate connection for each message, so that each address is checked. A proxy resolves names itself, and
      // decides what can be reached.
      agent: proxyAgentFor(url.href) ?? false,
      lookup: guardedLookup(lookup ?? systemLookup, { allowsPrivate, isPlain }),
      signal: signal ? AbortSignal.any([signal, ends]) : ends,
      headers: {
        'content-type': 'application/json',
        'content-length': Buffer.byteLength(message.body),
        'user-agent': 'rolebridge-webhooks',
        ...signatureHeaders(message, secrets, nowMs),
      },
      maxHeaderSize: 16_384,
    };
    try {
      return resultOf(await answerTo((isPlain ? requestHttp : requestHttps)(url, options), message.body));
    } catch (error) {
      return failed(ends.aborted ? new Error(`no answer within ${timeoutMs / 1000} s`) : error);
    }
  };
}

const failed = (error: unknown): DeliveryResult => {
  return { outcome: 'failed', reason: codeOf(error) ?? messageOf(error), isUnreachable: true };
};

interface EndpointAnswer {
  readonly status: number;
  readonly retryAfter: string | undefined;
}

function answerTo(request: ClientRequest, body: string): Promise<EndpointAnswer> {
  return new Promise((resolve, reject) => {
    request.once('error', reject);
    request.once('response', (response) => {
      resolve({ status: response.statusCode ?? 0, retryAfter: response.headers['retry-after'] });
      // The body of the answer is not read.
      response.on('error', () => {});
      response.destroy();
    });
    request.end(body);
  });
}

function resultOf({ status, retryAfter }: EndpointAnswer): DeliveryResult {
  if (status >= 200 && status < 300) return { outcome: 'delivered', status };
  if (status === 410) return { outcome: 'gone', status };
  const seconds = /^\d{1,6}$/.test(retryAfter ?? '') ? Number(retryAfter) : undefined;
  return {
    outcome: 'failed',
    status,
    reason:
      status >= 300 && status < 400 ? 'the endpoint redirects, which is not followed' : `HTTP ${status}`,
    ...(seconds !== undefined && { retryAfterMs: seconds * 1000 }),
    isUnreachable: false,
  };
}

interface Allowance {
  readonly allowsPrivate: boolean;
  /** The URL is http:. */
  readonly isPlain: boolean;
}

function assertAllowed(address: string, { allowsPrivate, isPlain }: Allowance): void {
  const kind = addressKind(address);
  if (kind === 'private' && !allowsPrivate)
    throw new Error('the endpoint is at a private address; ROLEBRIDGE_WEBHOOK_ALLOW_PRIVATE=on allows that');
  if (kind === 'public' && isPlain)
    throw new Error('the endpoint is at a public address and its URL is not https');
}

/** Node connects only to addresses that this lookup returns; one that is not allowed fails it. */
function guardedLookup(lookup: LookupFunction, allowance: Allowance): LookupFunction {
  return (hostname, options, callback) => {
    lookup(hostname, { ...options, all: true }, (error, found, family) => {
      if (error) return callback(error, '', 0);
      const addresses = Array.isArray(found) ? found : [{ address: found, family: family ?? isIP(found) }];
      try {
        for (const { address } of addresses) assertAllowed(address, allowance);
      } catch (refusal) {
        return callback(refusal instanceof Error ? refusal : new Error(String(refusal)), '', 0);
      }
      const [first] = addresses;
      if (first === undefined) return callback(new Error('the name has no address'), '', 0);
      if (options.all) callback(null, addresses);
      else callback(null, first.address, first.family);
    });
  };
}
