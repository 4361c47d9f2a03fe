import { createHash } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { rateLimitHeaders } from '../limits/index.js';
import { JsonText } from './json-text.js';
import type { AnswerSpec } from './operation.js';
import type { Answer } from './problem.js';
import { exchangeOf } from './request-log.js';
import { securityHeaders } from './security-headers.js';

/** Names and values alternate, which is the fastest input of `writeHead`. */
const headersOfAll = Object.entries(securityHeaders).flat();

/** Answers with JSON: a value, or problem details. */
export function send(response: ServerResponse, { status, body, retryAfterSeconds }: Answer): void {
  const { requestId, allowance } = exchangeOf(response);
  const text = body === undefined ? '' : body instanceof JsonText ? body.text : JSON.stringify(body);
  const headers = [
    ...headersOfAll,
    'content-type',
    status >= 400 ? 'application/problem+json' : 'application/json',
    'cache-control',
    'no-store',
    'x-request-id',
    requestId,
  ];
  const bytes = Buffer.byteLength(text);
  if (status !== 204) headers.push('content-length', String(bytes));
  if (allowance) headers.push(...rateLimitHeaders(allowance));
  if (retryAfterSeconds !== undefined) headers.push('retry-after', String(retryAfterSeconds));
  if (status === 401) headers.push('www-authenticate', 'Bearer');
  response.writeHead(status, headers);
  // Fast path for ASCII.
  response.end(text, bytes === text.length ? 'latin1' : 'utf8');
}

/** Answers with a file; a static one has an ETag and may be cached. */
export function sendFile(
  request: IncomingMessage,
  response: ServerResponse,
  content: string | Buffer,
  { status, file = 'application/json', isStatic }: AnswerSpec<unknown>,
): void {
  const bytes = Buffer.from(content);
  const etag = isStatic && `"${createHash('sha256').update(bytes).digest('base64url').slice(0, 22)}"`;
  const headers = {
    ...securityHeaders,
    'cache-control': isStatic ? 'public, max-age=300' : 'no-store',
    'x-request-id': exchangeOf(response).requestId,
    ...(etag && { etag }),
  };
  if (etag && request.headers['if-none-match'] === etag) {
    response.writeHead(304, headers).end();
    return;
  }
  response.writeHead(status, { ...headers, 'content-type': file, 'content-length': bytes.length });
  response.end(bytes);
}

/** Streams lines. A failure after the first line closes the connection. */
export async function sendLines(
  response: ServerResponse,
  lines: AsyncIterable<string>,
  { status, file = 'application/x-ndjson' }: AnswerSpec<unknown>,
): Promise<void> {
  response.writeHead(status, {
    ...securityHeaders,
    'cache-control': 'no-store',
    'content-type': file,
    'x-request-id': exchangeOf(response).requestId,
  });
  await pipeline(Readable.from(lines), response);
}
