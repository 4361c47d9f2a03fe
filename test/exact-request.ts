import { type Agent, request } from 'node:http';

interface ExactRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Buffer | undefined;
  readonly agent?: Agent | undefined;
  /** Without an answer for so long it fails. */
  readonly timeoutMs: number;
}

export interface ExactAnswer {
  readonly status: number;
  readonly type: string;
  readonly text: string;
  readonly ms: number;
}

/** Past `fetch`, which corrects paths and headers before it sends them. */
export function exactRequest(
  url: string,
  { method, path, headers, body, agent, timeoutMs }: ExactRequest,
): Promise<ExactAnswer> {
  const startedAt = performance.now();
  return new Promise((resolve, reject) => {
    const length = body === undefined ? {} : { 'content-length': Buffer.byteLength(body) };
    const outgoing = request(
      `${url}/`,
      { method, path, agent, headers: { ...headers, ...length } },
      (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (data) => {
          text += data;
        });
        response.on('end', () =>
          resolve({
            status: response.statusCode ?? 0,
            type: response.headers['content-type'] ?? '',
            text,
            ms: performance.now() - startedAt,
          }),
        );
      },
    );
    outgoing.setTimeout(timeoutMs, () => outgoing.destroy(new Error('no answer: it hangs')));
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}
