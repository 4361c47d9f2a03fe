import { randomUUID } from 'node:crypto';
import { type IncomingMessage, type Server, type ServerResponse, STATUS_CODES } from 'node:http';
import type { Logger } from 'pino';
import { RolebridgeError } from '../domain/errors.js';
import { problemAnswer } from './problem.js';
import { securityHeaders } from './security-headers.js';

/**
 * Answers input that Node's HTTP parser rejects with problem details. Answer and log contain nothing of the input. The
 * connection is closed, because the start of the next request is unknown.
 */
export function answerMalformedRequests(
  server: Server,
  { publicUrl, logger }: { publicUrl: string; logger: Logger },
): void {
  const underWay = new WeakMap<object, { request: IncomingMessage; response: ServerResponse }>();
  const refused = new WeakSet<object>();
  server.on('request', (request, response) => underWay.set(request.socket, { request, response }));
  server.on('clientError', (error: NodeJS.ErrnoException, stream) => {
    const socket = stream;
    if (refused.has(socket)) return;
    refused.add(socket);
    const answer = () => {
      if (!socket.writable) return socket.destroy();
      const { code } = error;
      const requestId = randomUUID();
      const problem = problemAnswer(problemOf(code), publicUrl);
      logger.debug({ requestId, status: problem.status, reason: code }, 'a malformed request was refused');
      socket.end(asText(problem, requestId), () => socket.destroy());
      return;
    };
    const last = underWay.get(socket);
    if (last === undefined || last.response.writableFinished) return answer();
    // The answer to the previous request goes first; one that has started can't be replaced.
    if (last.request.complete) return last.response.once('close', answer);
    if (last.response.headersSent) return socket.destroy();
    return answer();
  });
}

function problemOf(code: string | undefined): RolebridgeError {
  if (code === 'HPE_HEADER_OVERFLOW')
    return new RolebridgeError('headers_too_large', 'The request line and headers are larger than 16 kB.', {
      remedy: 'Send fewer or shorter headers, and a shorter path.',
    });
  if (code === 'HPE_CHUNK_EXTENSIONS_OVERFLOW')
    return new RolebridgeError('body_too_large', 'The extensions of the chunks are larger than 16 kB.', {
      remedy: 'Send the body without chunk extensions.',
    });
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT')
    return new RolebridgeError('request_too_slow', 'The request was not complete in time.', {
      remedy: 'Open a new connection, and send the request at once.',
    });
  return new RolebridgeError('request_invalid', 'The request is not valid HTTP.', {
    remedy: 'Check its first line, its headers and the length of its body.',
  });
}

function asText({ status, body }: ReturnType<typeof problemAnswer>, requestId: string): string {
  const text = JSON.stringify(body);
  const headers = {
    ...securityHeaders,
    'content-type': 'application/problem+json',
    'content-length': Buffer.byteLength(text),
    'cache-control': 'no-store',
    'x-request-id': requestId,
    connection: 'close',
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  return [`HTTP/1.1 ${status} ${STATUS_CODES[status]}`, ...lines, '', text].join('\r\n');
}
