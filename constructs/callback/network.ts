/** One HTTP request in plain Node: through the proxy that the environment names, within a time limit, bounded in size. */
import * as http from 'node:http';
import * as https from 'node:https';
import { isIP, type Socket } from 'node:net';
import type { Place } from './place';

/** An HTTP answer, read whole. */
export interface Answer {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: Readonly<Record<string, unknown>> | undefined;
}

/** No answer. A `failure` is one that waiting can't change. */
export interface NoAnswer {
  readonly problem: string;
  readonly failure?: { readonly code: string; readonly detail: string; readonly remedy: string };
}

const LARGEST_ANSWER_BYTES = 256 * 1024;

/** A request: a POST when there is a body. */
export interface Exchange {
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly timeoutMs: number;
  readonly place: Place;
}

/** Redirects are not followed: they would carry the signed request to somewhere that is not configured. */
export async function exchange(url: URL, sent: Exchange): Promise<Answer | NoAnswer> {
  const { timeoutMs, place } = sent;
  let abort: (() => void) | undefined;
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<NoAnswer>((resolve) => {
    timer = setTimeout(() => {
      resolve({ problem: `no answer within ${(timeoutMs / 1000).toFixed(1)} s` });
      abort?.();
    }, timeoutMs);
  });
  const answer = async (): Promise<Answer | NoAnswer> => {
    const proxy = proxyFor(url, place.env);
    const opened = proxy && (await openTunnel(url, proxy, (close) => (abort = close)));
    if (opened !== undefined && 'problem' in opened) return opened;
    return request(url, sent, opened?.socket, (close) => (abort = close));
  };
  try {
    return await Promise.race([answer().catch((error) => noAnswer(error, url, place)), timeout]);
  } finally {
    clearTimeout(timer);
  }
}

type OnOpen = (close: () => void) => void;

function request(
  url: URL,
  { headers, body }: Exchange,
  socket: Socket | undefined,
  onOpen: OnOpen,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const length = body === undefined ? {} : { 'content-length': Buffer.byteLength(body) };
    const accept = 'application/json, application/problem+json';
    const options = {
      method: body === undefined ? 'GET' : 'POST',
      headers: { accept, 'user-agent': 'rolebridge-callback', ...headers, ...length },
    };
    const sent =
      url.protocol === 'http:'
        ? http.request(url, { ...options, agent: false })
        : https.request(url, {
            ...options,
            agent: false,
            // Over the proxy's tunnel when there is one; tls.connect takes it from here.
            ...(socket && { socket }),
          } as https.RequestOptions);
    onOpen(() => sent.destroy());
    sent.on('error', reject);
    sent.on('response', (response) => {
      const chunks: Buffer[] = [];
      let size = 0;
      const finish = (text: string) =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: parseObject(text) });
      response.on('error', reject);
      response.on('data', (chunk: Buffer) => {
        size += chunk.length;
        if (size > LARGEST_ANSWER_BYTES) {
          finish('');
          sent.destroy();
        } else chunks.push(chunk);
      });
      response.on('end', () => finish(Buffer.concat(chunks).toString('utf8')));
    });
    sent.end(body);
  });
}

/** RFC 9110, 9.3.6. */
function openTunnel(url: URL, proxy: URL | NoAnswer, onOpen: OnOpen): Promise<{ socket: Socket } | NoAnswer> {
  if ('problem' in proxy) return Promise.resolve(proxy);
  const target = `${url.hostname}:${url.port || '443'}`;
  const user = [proxy.username, proxy.password].map(decodeURIComponent).join(':');
  const { request: open } = proxy.protocol === 'https:' ? https : http;
  return new Promise((resolve, reject) => {
    const connect = open({
      agent: false,
      method: 'CONNECT',
      host: proxy.hostname.replace(/^\[|\]$/g, ''),
      port: proxy.port || (proxy.protocol === 'https:' ? 443 : 80),
      path: target,
      headers: {
        host: target,
        ...(proxy.username && { 'proxy-authorization': `Basic ${Buffer.from(user).toString('base64')}` }),
      },
    });
    onOpen(() => connect.destroy());
    connect.on('error', (error: NodeJS.ErrnoException) =>
      isCertificateError(error)
        ? reject(error)
        : resolve({ problem: `no connection to the proxy ${proxy.host} (${error.code ?? error.message})` }),
    );
    connect.on('response', () => connect.destroy());
    connect.on('connect', (response, socket: Socket) => {
      if (response.statusCode === 200) return resolve({ socket });
      socket.destroy();
      const problem = `the proxy ${proxy.host} answered ${response.statusCode} to CONNECT ${target}`;
      resolve(
        response.statusCode === 407
          ? {
              problem,
              failure: {
                code: 'proxy_authentication_required',
                detail: `The proxy ${proxy.host} requires a user and password.`,
                remedy: 'Set HTTPS_PROXY to http://USER:PASSWORD@HOST:PORT.',
              },
            }
          : { problem },
      );
    });
    connect.end();
  });
}

/** Reads the variables as Terraform does (Go's ProxyFromEnvironment): loopback never uses a proxy. */
function proxyFor(url: URL, env: NodeJS.ProcessEnv): URL | NoAnswer | undefined {
  const text = env.HTTPS_PROXY || env.https_proxy;
  if (url.protocol !== 'https:' || !text || isLoopback(url.hostname)) return undefined;
  if (isExempt(url, env.NO_PROXY || env.no_proxy || '')) return undefined;
  const proxy = parseUrl(/^[a-z0-9]+:\/\//i.test(text) ? text : `http://${text}`);
  if (proxy && /^https?:$/.test(proxy.protocol)) return proxy;
  return {
    problem: 'HTTPS_PROXY is not a proxy URL',
    failure: {
      code: 'proxy_invalid',
      detail: 'HTTPS_PROXY is not the URL of an HTTP proxy.',
      remedy: 'Set HTTPS_PROXY to http://HOST:PORT, or unset it.',
    },
  };
}

function isExempt({ hostname, port }: URL, noProxy: string): boolean {
  const host = hostname.replace(/^\[|\]$/g, '').toLowerCase();
  return noProxy
    .toLowerCase()
    .split(/[\s,]+/)
    .filter(Boolean)
    .some((entry) => {
      if (entry === '*') return true;
      const [, name = '', onPort] = /^(.*?)(?::(\d+))?$/.exec(entry) ?? [];
      if (isIP(entry) > 0 || entry.includes('/')) return isInNetwork(host, entry);
      if (onPort !== undefined && onPort !== (port || '443')) return false;
      const suffix = name.replace(/^\*?\./, '.');
      return suffix.startsWith('.') ? host.endsWith(suffix) : host === suffix || host.endsWith(`.${suffix}`);
    });
}

/** An address or, for IPv4, a network such as 10.0.0.0/8. */
function isInNetwork(host: string, entry: string): boolean {
  const [network = '', bits = '32'] = entry.split('/');
  if (host === network) return true;
  if (isIP(host) !== 4 || isIP(network) !== 4) return false;
  const number = (address: string) => address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
  const size = 2 ** (32 - Number(bits));
  return Math.floor(number(host) / size) === Math.floor(number(network) / size);
}

/** https, or http on loopback, and no credentials in it. */
export function parseCallbackUrl(text: string): URL | undefined {
  const url = parseUrl(text);
  if (url === undefined || url.username !== '' || url.password !== '') return undefined;
  return url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url.hostname))
    ? url
    : undefined;
}

function parseUrl(text: string): URL | undefined {
  try {
    return new URL(text);
  } catch {
    return undefined;
  }
}

const isLoopback = (hostname: string): boolean =>
  hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d{1,3}){3}$/.test(hostname);

const isCertificateError = ({ code = '' }: NodeJS.ErrnoException): boolean =>
  /CERT|ISSUER|SELF_SIGNED|LEAF_SIGNATURE|HOSTNAME_MISMATCH/.test(code);

function noAnswer(thrown: unknown, url: URL, { where }: Place): NoAnswer {
  const error: NodeJS.ErrnoException & { errors?: Error[] } =
    thrown instanceof Error ? thrown : new Error(String(thrown));
  const reason = error.code || error.errors?.[0]?.message || error.message;
  const problem = `no connection (${reason})`;
  if (!isCertificateError(error)) return { problem };
  return {
    problem,
    failure: { code: 'certificate_not_trusted', ...certificateTexts(reason, url.host, where) },
  };
}

function certificateTexts(reason: string, host: string, where: string) {
  if (/ALTNAME|HOSTNAME/.test(reason))
    return {
      detail: `The TLS certificate at ${host} is for another host (${reason}).`,
      remedy: 'Check the callback URL, and NO_PROXY if a proxy answers in its place.',
    };
  if (/EXPIRED|NOT_YET_VALID/.test(reason))
    return {
      detail: `The TLS certificate at ${host} is not valid today (${reason}).`,
      remedy: "Check this machine's clock. If it is right, contact the support of the service.",
    };
  return {
    detail: `This machine does not trust the TLS certificate at ${host} (${reason}).`,
    remedy: `If your company's proxy or CA issued it, set NODE_EXTRA_CA_CERTS ${where} to the file with your company's CA certificate (PEM).`,
  };
}

function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    return objectOf(JSON.parse(text));
  } catch {
    return undefined;
  }
}

/** A JSON object, and no list. */
export const objectOf = (value: unknown): Record<string, unknown> | undefined =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : undefined;
