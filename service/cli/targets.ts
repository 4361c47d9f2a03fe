import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import type { Credentials, RequestBody } from '../../client/index.js';
import { codeOf } from '../unknown-value.js';
import { UsageError } from './failure.js';
import { summaryOf } from './of-call.js';
import { printJson, printTable, printValues } from './print.js';
import { clientOf, type ServiceOptions, wholeNumber, withServiceOptions } from './service-options.js';
import { scopeOf, scopeText, type TargetOptions, targetOf, withTargetOptions } from './target-options.js';
import type { Terminal } from './terminal.js';
import { withExample } from './with-example.js';

export interface SessionOptions extends ServiceOptions, TargetOptions {
  readonly duration?: number;
  readonly sessionName?: string;
  readonly sessionPolicyFile?: string;
  readonly tag?: Readonly<Record<string, string>>;
}

export const withSessionOptions = (command: Command): Command =>
  withServiceOptions(withTargetOptions(command))
    .option(
      '--duration <seconds>',
      'how long the session lasts: 900 to 43200, as the role allows',
      wholeNumber('--duration', 900, 43_200),
    )
    .option(
      '--session-name <name>',
      'the session name in the customer’s CloudTrail, after the organization’s id',
    )
    .option('--session-policy-file <path>', 'a file with a policy that narrows the session')
    .option('--tag <key=value>', 'a session tag; may be given again and again', addTag);

/** @throws UsageError */
export function sessionRequestOf(options: SessionOptions): RequestBody<'issueCredentials'> {
  const { duration, sessionName, sessionPolicyFile, tag } = options;
  return {
    ...targetOf(options),
    ...(duration !== undefined && { durationSeconds: duration }),
    ...(sessionName !== undefined && { sessionName }),
    ...(sessionPolicyFile !== undefined && { sessionPolicy: policyIn(sessionPolicyFile) }),
    ...(tag !== undefined && { tags: { ...tag } }),
  };
}

/** `rolebridge scope`, `resolve` and `credentials`. */
export function addTargetCommands(program: Command, terminal: Terminal): void {
  withExample(
    withServiceOptions(
      program
        .command('scope')
        .description('where connections apply')
        .command('set <id> [scopes...]')
        .description(summaryOf('setScopes')),
    )
      .option('--replace', 'take them from the connections that hold them')
      .option('--none', 'take all scopes away'),
    'rolebridge scope set con_… shop/production shop/staging',
  ).action(
    async (id: string, scopes: string[], options: ServiceOptions & { replace?: boolean; none?: boolean }) => {
      if (scopes.length === 0 && !options.none)
        throw new UsageError('No scope is given.', 'Name at least one, or give --none to take all away.');
      if (scopes.length > 0 && options.none)
        throw new UsageError('Scopes are given beside --none.', 'Give one of the two.');
      const client = await clientOf(options, terminal);
      const connection = await client.setScopes(id, {
        scopes: scopes.map(scopeOf),
        replace: options.replace ?? false,
      });
      if (options.json) return printJson(terminal, connection);
      terminal.stdout.write(`${connection.id}  ${connection.scopes.map(scopeText).join(', ') || '-'}\n`);
    },
  );

  withExample(
    withServiceOptions(withTargetOptions(program.command('resolve').description(summaryOf('resolve')))),
    'rolebridge resolve --project shop --environment production',
  ).action(async (options: ServiceOptions & TargetOptions) => {
    const target = targetOf(options);
    const resolution = await (await clientOf(options, terminal)).resolve(target);
    if (options.json) return printJson(terminal, resolution);
    const { connection, matchedScope, shadows } = resolution;
    printValues(terminal, {
      connection: connection.id,
      name: connection.name,
      status: connection.code ? `${connection.status} (${connection.code})` : connection.status,
      method: connection.method,
      account: connection.accountId,
      role: connection.roleArn,
      'matched scope': scopeText(matchedScope),
    });
    if (shadows.length === 0) return;
    terminal.stdout.write('\nwider ones, which do not apply here:\n');
    printTable(
      terminal,
      ['SCOPE', 'ID', 'NAME', 'STATUS'],
      shadows.map((shadow) => [
        scopeText(shadow.scope),
        shadow.connection.id,
        shadow.connection.name,
        shadow.connection.status,
      ]),
    );
  });

  addCredentialsCommand(program, terminal);
}

export function addCredentialsCommand(program: Command, terminal: Terminal): void {
  withExample(
    withSessionOptions(
      program
        .command('credentials')
        .description('print credentials for a target, in the format of a credential_process'),
    ),
    `[profile shop]   # in ~/.aws/config
  credential_process = rolebridge credentials --project shop --url https://… --api-key-file ~/.rolebridge/key`,
  ).action(async (options: SessionOptions) => {
    const request = sessionRequestOf(options);
    const credentials = await (await clientOf(options, terminal)).issueCredentials(request);
    terminal.stdout.write(`${JSON.stringify(credentialProcess(credentials))}\n`);
  });
}

/** https://docs.aws.amazon.com/sdkref/latest/guide/feature-process-credentials.html */
export const credentialProcess = (credentials: Credentials) => ({
  Version: 1,
  AccessKeyId: credentials.accessKeyId,
  SecretAccessKey: credentials.secretAccessKey,
  ...(credentials.sessionToken !== undefined && { SessionToken: credentials.sessionToken }),
  ...(credentials.expiration !== undefined && { Expiration: credentials.expiration }),
});

function addTag(text: string, before: Readonly<Record<string, string>> | undefined) {
  const [, key, value] = /^([^=]+)=(.*)$/s.exec(text) ?? [];
  if (key === undefined || value === undefined)
    throw new UsageError(`--tag must be KEY=VALUE, not ${JSON.stringify(text)}.`);
  return { ...before, [key]: value };
}

function policyIn(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch (error) {
    throw new UsageError(
      `The file ${path} can't be read: ${codeOf(error) ?? 'for a reason not known'}.`,
      'Check the path given with --session-policy-file.',
    );
  }
}
