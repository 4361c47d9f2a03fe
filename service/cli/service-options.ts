import { statSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { createRolebridgeClient, type RolebridgeClient } from '../../client/index.js';
import { UsageError } from './failure.js';
import { fileText, jsonOption, type OptionRow, wholeNumber } from './option-row.js';
import type { Terminal } from './terminal.js';

export interface ServiceOptions {
  readonly url?: string;
  readonly apiKeyFile?: string;
  readonly allowHttp?: boolean;
  readonly timeout?: number;
  readonly json?: boolean;
  /** The organization to act for, with an operator token. */
  readonly organization?: string;
  readonly allOrganizations?: boolean;
}

export const allowHttpOption: OptionRow = {
  flags: '--allow-http',
  about: 'allow http: to another machine, where keys can be read on the way',
};

const ofEveryRequest: readonly OptionRow[] = [
  {
    flags: '--timeout <seconds>',
    about: 'how long to wait for an answer (45)',
    parse: wholeNumber('--timeout', 1, 600),
  },
  allowHttpOption,
  jsonOption,
];

/** The options of every command that calls a service with an API key. */
export const serviceOptions: readonly OptionRow[] = [
  { flags: '--url <url>', about: 'where the service is (or ROLEBRIDGE_URL)' },
  {
    flags: '--api-key-file <path>',
    about:
      'a file with the API key, "-" for standard input (or ROLEBRIDGE_API_KEY_FILE; or ROLEBRIDGE_API_KEY, the key itself)',
  },
  {
    flags: '--organization <organization>',
    about:
      'as the operator: the id or reference of the organization to act for; needs ROLEBRIDGE_OPERATOR_TOKEN',
  },
  ...ofEveryRequest,
];

/** The options of every command that calls a service with an operator's token. */
export const operatorOptions: readonly OptionRow[] = [
  {
    flags: '--url <url>',
    about: 'where the service is (or ROLEBRIDGE_URL); needs ROLEBRIDGE_OPERATOR_TOKEN',
  },
  ...ofEveryRequest,
];

/** The options of commands on the machine of the service that can use its API instead. */
export const remoteOptions: readonly OptionRow[] = [
  {
    flags: '--url <url>',
    about: 'from another machine: through the API, with ROLEBRIDGE_OPERATOR_TOKEN',
  },
  ...ofEveryRequest,
];

export const allOrganizationsOption: OptionRow = {
  flags: '--all-organizations',
  about: 'endpoints for the events of all organizations, with ROLEBRIDGE_OPERATOR_TOKEN',
};

/** @throws UsageError when the URL or the secret is missing */
export async function clientOf(
  options: ServiceOptions,
  terminal: Terminal,
  isOperator = false,
): Promise<RolebridgeClient> {
  const { organization, allOrganizations = false } = options;
  const usesToken = isOperator || allOrganizations || organization !== undefined;
  const url = urlOf(options, terminal);
  const apiKey = usesToken ? operatorTokenOf(terminal) : await apiKeyOf(options, terminal);
  return createRolebridgeClient({
    url,
    organization,
    agent: await agentFor(url, terminal),
    apiKey,
    allowHttp: options.allowHttp || terminal.env.ROLEBRIDGE_ALLOW_HTTP === 'true',
    timeoutMs: options.timeout && options.timeout * 1000,
  });
}

/** Loads the agent only where a proxy is set: that takes longer than the rest of `rolebridge credentials`. */
async function agentFor(url: string, { env }: Terminal) {
  if (!Object.keys(env).some((name) => /proxy$/i.test(name))) return undefined;
  const { proxyAgentFor } = await import('../proxy-agent.js');
  return proxyAgentFor(url);
}

function urlOf({ url }: ServiceOptions, { env }: Terminal): string {
  const given = url ?? env.ROLEBRIDGE_URL;
  if (given) return given;
  throw new UsageError('The URL of the service is missing.', 'Give --url https://…, or set ROLEBRIDGE_URL.');
}

/** @throws UsageError */
function operatorTokenOf(terminal: Terminal): string {
  const { env } = terminal;
  const file = env.ROLEBRIDGE_OPERATOR_TOKEN_FILE;
  const token = file ? readKeyFile(file, terminal).trim() : env.ROLEBRIDGE_OPERATOR_TOKEN;
  if (token && /^[\x21-\x7e]{32,200}$/.test(token)) return token;
  throw new UsageError(
    token
      ? `${file ? `The file ${file}` : 'ROLEBRIDGE_OPERATOR_TOKEN'} does not contain an operator token: 32 to 200 printable characters.`
      : 'The operator token is missing.',
    'Set ROLEBRIDGE_OPERATOR_TOKEN, or ROLEBRIDGE_OPERATOR_TOKEN_FILE. On the machine of the service, "rolebridge operator-token create" creates one.',
  );
}

/** The path of the file with the API key; `-` is standard input. */
export const apiKeyFileOf = ({ apiKeyFile }: ServiceOptions, { env }: Terminal): string | undefined =>
  apiKeyFile ?? (env.ROLEBRIDGE_API_KEY_FILE || undefined);

async function apiKeyOf(options: ServiceOptions, terminal: Terminal): Promise<string> {
  const apiKeyFile = apiKeyFileOf(options, terminal);
  const [source, text] =
    apiKeyFile === undefined
      ? ['ROLEBRIDGE_API_KEY', terminal.env.ROLEBRIDGE_API_KEY ?? '']
      : apiKeyFile === '-'
        ? ['Standard input', await textOf(terminal.stdin)]
        : [`The file ${apiKeyFile}`, readKeyFile(apiKeyFile, terminal)];
  const key = text.trim();
  if (key === '' && apiKeyFile === undefined)
    throw new UsageError(
      'The API key is missing.',
      'Give --api-key-file PATH, or set ROLEBRIDGE_API_KEY. "rolebridge org create" and "rolebridge api-keys create" create one.',
    );
  // The key goes into a header: any other text would fail there, or is another secret.
  if (!/^rbk_[a-z2-7]{16}_[0-9a-f]{64}$/.test(key))
    throw new UsageError(
      `${source} does not contain a Rolebridge API key.`,
      'An API key is one line that starts with "rbk_", as shown when it was created.',
    );
  return key;
}

function readKeyFile(path: string, terminal: Terminal): string {
  // AWS's tools run a credential_process without a shell, so nothing has expanded the home folder.
  const file = path.startsWith('~/') ? join(homedir(), path.slice(2)) : path;
  const text = fileText(file);
  if (process.platform !== 'win32' && (statSync(file).mode & 0o077) !== 0)
    terminal.stderr.write(`rolebridge: warning: others can read ${path}. chmod 600 ${path}\n`);
  return text;
}

/** The text of a stream. @throws UsageError for more than 64 kB */
export async function textOf(stream: NodeJS.ReadableStream): Promise<string> {
  let text = '';
  stream.setEncoding('utf8');
  for await (const chunk of stream) {
    text += chunk;
    if (text.length > 65_536) throw new UsageError('More than 64 kB came over standard input.');
  }
  return text;
}
