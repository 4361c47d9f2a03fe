import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { isIP } from 'node:net';
import type { SignedIdentityRequest } from '../domain/caller-proof.js';
import type { StsAnswer } from '../domain/ports.js';
import { proxyAgentFor } from '../proxy-agent.js';

/** The size limit: larger than any answer of GetCallerIdentity. */
const maxAnswerBytes = 16_384;

/**
 * Sends a request that another party signed. The host comes from the table of partitions, the body is fixed, and a
 * redirect is an answer like any other: nothing in the proof decides where the request goes.
 */
export async function sendIdentityRequest(
  { host, headers, body }: SignedIdentityRequest,
  options: { endpoint?: string | undefined; timeoutMs: number },
): Promise<StsAnswer<{ arn: string }, 'not_accepted'>> {
  const url = new URL(options.endpoint ?? `https://${host}/`);
  const send = url.protocol === 'http:' ? httpRequest : httpsRequest;
  return new Promise((resolve) => {
    const inconclusive = (reason: 'timed_out' | 'unreachable' | 'malformed' | 'server_error' | 'throttled') =>
      resolve({ outcome: 'inconclusive', reason });
    const signal = AbortSignal.timeout(options.timeoutMs);
    const fail = () => inconclusive(signal.aborted ? 'timed_out' : 'unreachable');
    const agent = proxyAgentFor(url.href);
    const connection = {
      ...(agent && { agent }),
      // The certificate must match the endpoint, not the signed host.
      ...(url.protocol === 'https:' && isIP(url.hostname) === 0 && { servername: url.hostname }),
    };
    const request = send(url, { method: 'POST', path: '/', headers, signal, ...connection }, (response) => {
      const requestId = response.headers['x-amzn-requestid']?.toString();
      const chunks: Buffer[] = [];
      let size = 0;
      response.on('data', (chunk: Buffer) => {
        size += chunk.length;
        if (size <= maxAnswerBytes) chunks.push(chunk);
        else response.destroy();
      });
      response.on('error', fail);
      response.on('close', () => inconclusive('malformed'));
      response.on('end', () => {
        const text = Buffer.concat(chunks).toString('utf8');
        const { statusCode: status = 0 } = response;
        const arn = status === 200 ? arnIn(text) : undefined;
        const code = /<Code>([A-Za-z]{1,64})<\/Code>/.exec(text)?.[1];
        if (arn !== undefined) resolve({ outcome: 'allowed', requestId, arn });
        else if (status === 429 || /^Throttling/.test(code ?? '')) inconclusive('throttled');
        else if (status >= 500) inconclusive('server_error');
        // An answer without an AWS error code comes from a proxy, or is a redirect.
        else if ((status === 400 || status === 403) && code !== undefined)
          resolve({ outcome: 'denied', reason: 'not_accepted', message: code, requestId });
        else inconclusive('malformed');
      });
    });
    request.on('error', fail);
    request.end(body);
  });
}

/** STS's answer has one `Arn`. */
function arnIn(text: string): string | undefined {
  if (!text.startsWith('<GetCallerIdentityResponse ')) return undefined;
  const [, arn, ...more] = text.split('<Arn>');
  return more.length === 0 ? /^([^<>&\s]{1,2048})<\/Arn>/.exec(arn ?? '')?.[1] : undefined;
}
