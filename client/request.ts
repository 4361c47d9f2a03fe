import type { Agent, IncomingHttpHeaders } from 'node:http';

export interface Exchange {
  readonly url: URL;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
  readonly signal: AbortSignal;
  /** Through a proxy. */
  readonly agent?: Agent | undefined;
  /** Of the answer, in bytes. @default no answer of the API but an export is longer */
  readonly maxLength?: number | undefined;
}

/**
 * One request and its answer, over Node's own HTTP: `fetch` takes a third of a second to load on a busy machine, and
 * AWS's tools wait for that. Redirects are not followed: the key is for this service alone.
 * @throws the error of the network or the signal
 */
export async function exchange({
  url,
  method,
  headers,
  body,
  signal,
  agent,
  maxLength = 16 * 1024 * 1024,
}: Exchange): Promise<{ status: number; headers: IncomingHttpHeaders; text: string }> {
  // An import would load Node's loader of ES modules as well.
  const { request } = process.getBuiltinModule(url.protocol === 'https:' ? 'node:https' : 'node:http');
  return new Promise((resolve, reject) => {
    const sent = request(
      url,
      {
        method,
        signal,
        ...(agent && { agent }),
        headers: { ...headers, ...(body !== undefined && { 'content-length': Buffer.byteLength(body) }) },
      },
      (response) => {
        const chunks: Buffer[] = [];
        let length = 0;
        response.on('data', (chunk: Buffer) => {
          length += chunk.length;
          chunks.push(chunk);
          if (length > maxLength) sent.destroy(new Error('the answer is too long'));
        });
        response.on('error', reject);
        response.on('end', () =>
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            text: Buffer.concat(chunks).toString('utf8'),
          }),
        );
      },
    );
    sent.on('error', reject);
    sent.end(body);
  });
}
