import type { Agent, AgentOptions } from 'node:http';
import { HttpsProxyAgent } from 'https-proxy-agent';
import { getProxyForUrl } from 'proxy-from-env';
import { ConfigurationError } from './configuration-error.js';

/**
 * The agent for a URL behind a proxy by `HTTPS_PROXY` and `NO_PROXY`; undefined for a direct connection.
 * @throws ConfigurationError when the proxy is not an HTTP proxy
 */
export function proxyAgentFor(url: string, options: AgentOptions = {}): Agent | undefined {
  const named = url.startsWith('https:') ? getProxyForUrl(url) : '';
  if (named === '') return undefined;
  // A proxy without a scheme is http:, as for curl and Terraform; proxy-from-env assumes the scheme of the URL.
  const proxy = Object.values(process.env).includes(named) ? named : named.replace(/^https:/, 'http:');
  if (URL.canParse(proxy) && /^https?:$/.test(new URL(proxy).protocol))
    return new HttpsProxyAgent(proxy, options);
  throw new ConfigurationError(
    'HTTPS_PROXY is not the URL of an HTTP proxy. Set it to http://HOST:PORT, or unset it.',
  );
}
