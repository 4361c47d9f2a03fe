import type { IncomingMessage } from 'node:http';
import { RolebridgeError } from '../domain/errors.js';
import { bodyCompressed, bodyTooLarge } from './problem.js';

const limit = 64 * 1024;

/**
 * The raw body of a request: `express.raw` with the same limits costs a tenth of such a request. The server's request
 * timeout ends a slow body.
 * @throws RolebridgeError `body_too_large`, `media_type_not_supported`, `request_invalid`
 */
export function readBody(request: IncomingMessage): Promise<Buffer> {
  if (request.readableDidRead)
    throw new Error(
      'The body was read before this handler: mount it before body parsers such as express.json().',
    );
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let length = 0;
    const refuse = (error: RolebridgeError) => {
      chunks.length = 0;
      length = Number.POSITIVE_INFINITY;
      reject(error);
    };
    // The rest of an oversized body is read and dropped, so that the client can read the answer.
    request.on('data', (chunk: Buffer) => {
      length += chunk.length;
      if (length <= limit) chunks.push(chunk);
      else refuse(bodyTooLarge());
    });
    request.on('end', () => {
      const [first, ...others] = chunks;
      resolve(first && others.length === 0 ? first : Buffer.concat(chunks));
    });
    request.on('error', () =>
      refuse(
        new RolebridgeError('request_invalid', 'The body ended too early.', {
          remedy: 'Send the request again.',
        }),
      ),
    );
    if ((request.headers['content-encoding'] ?? 'identity') !== 'identity') refuse(bodyCompressed());
  });
}
