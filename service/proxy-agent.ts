import type { Agent, AgentOptions } from 'node:http';
import { HttpsProxyAgent } from 'https-proxy-agent';
import { getProxyForUrl } from 'proxy-from-env';
import { ConfigurationError } from './configuration-error.js';

/**
 * The agent for a URL that `HTTPS_PROXY` and `NO_PROXY` send through a proxy; undefined when it is reached directly.
 * @throws ConfigurationError when the proxy is not an HTTP proxy
 */
export function proxyAgentFor(url: string, options: AgentOptions = {}): Agent | undefined {
  const named = url.startsWith('https:') ? getProxyForUrl(url) : '';
  if (named === '') return undefined;
  // As curl and Terraform read a proxy without its scheme; proxy-from-env takes the scheme of the URL.
  const proxy = Object.values(process.env).includes(named) ? named : named.replace(/^https:/, 'http:');
  if (URL.canParse(proxy) && /^https?:$/.test(new URL(proxy).protocol))
    return new HttpsProxyAgent(proxy, options);
  throw new ConfigurationError(
    'HTTPS_PROXY is not the URL of an HTTP proxy. Set it to http://HOST:PORT, or unset it.',
  );
}
