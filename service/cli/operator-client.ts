import { createRolebridgeClient, type RolebridgeClient } from '../../client/index.js';
import { proxyAgentFor } from '../proxy-agent.js';
import { UsageError } from './failure.js';
import { readKeyFile, type ServiceOptions, urlOf } from './service-options.js';
import type { Terminal } from './terminal.js';

/** A client with the operator's token. @throws UsageError when the URL or the token is missing */
export function operatorClient(options: ServiceOptions, terminal: Terminal): RolebridgeClient {
  const { env } = terminal;
  const file = env.ROLEBRIDGE_OPERATOR_TOKEN_FILE;
  const apiKey = file ? readKeyFile(file, terminal).trim() : env.ROLEBRIDGE_OPERATOR_TOKEN;
  if (!apiKey || !/^[\x21-\x7e]{32,200}$/.test(apiKey))
    throw new UsageError(
      apiKey ? 'ROLEBRIDGE_OPERATOR_TOKEN is no operator’s token.' : 'There is no operator’s token.',
      'Set ROLEBRIDGE_OPERATOR_TOKEN to the token of the service.',
    );
  const url = urlOf(options, terminal);
  return createRolebridgeClient({
    url,
    agent: proxyAgentFor(url),
    apiKey,
    allowHttp: options.allowHttp || env.ROLEBRIDGE_ALLOW_HTTP === 'true',
    timeoutMs: options.timeout && options.timeout * 1000,
  });
}
