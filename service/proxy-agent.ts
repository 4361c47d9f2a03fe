import type { Agent, AgentOptions } from 'node:http';
import { HttpsProxyAgent } from 'https-proxy-agent';
import { getProxyForUrl } from 'proxy-from-env';

/** The agent for a URL that `HTTPS_PROXY` and `NO_PROXY` send through a proxy; undefined when it is reached directly. */
export function proxyAgentFor(url: string, options: AgentOptions = {}): Agent | undefined {
  const proxy = url.startsWith('https:') ? getProxyForUrl(url) : '';
  return proxy === '' ? undefined : new HttpsProxyAgent(proxy, options);
}
