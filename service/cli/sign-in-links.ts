import type { Command } from 'commander';
import type { RequestBody } from '../../client/index.js';
import { memberOf, summaryOf } from './of-call.js';
import { printJson, printTable } from './print.js';
import { clientOf, type ServiceOptions, wholeNumber, withServiceOptions } from './service-options.js';
import type { Terminal } from './terminal.js';
import { withExample } from './with-example.js';

interface CreateOptions extends ServiceOptions {
  readonly expiresIn?: number;
  readonly connection?: string;
  readonly access?: NonNullable<RequestBody<'createSignInLink'>['access']>;
  readonly user?: string;
  readonly email?: string;
  readonly returnUrl?: string;
}

/** `rolebridge sign-in-links …` */
export function addSignInLinkCommands(program: Command, terminal: Terminal): void {
  const group = program.command('sign-in-links').description('links that sign one person in to the pages');

  withExample(
    withServiceOptions(group.command('create').description(summaryOf('createSignInLink')))
      .option('--expires-in <seconds>', 'lifetime of the link', wholeNumber('--expires-in', 60, 2_592_000))
      .option('--connection <id>', memberOf('createSignInLink', 'connectionId'))
      .option('--access <level>', 'read, connect or manage (default: connect for one connection)')
      .option('--user <name>', 'the name of the person, as the audit log shows it')
      .option('--email <address>', 'the address of that person')
      .option('--return-url <url>', memberOf('createSignInLink', 'returnUrl')),
    'rolebridge sign-in-links create --connection con_… --user "Ana Ruiz" --expires-in 86400',
  ).action(async ({ json, ...options }: CreateOptions) => {
    const link = await (await clientOf(options, terminal)).createSignInLink(requestOf(options));
    if (json) return printJson(terminal, link);
    terminal.stdout.write(`${link.url}\n`);
  });

  withExample(
    withServiceOptions(group.command('list').description(summaryOf('listSignInLinks'))),
    'rolebridge sign-in-links list',
  ).action(async (options: ServiceOptions) => {
    const client = await clientOf(options, terminal);
    const signInLinks: Awaited<ReturnType<typeof client.listSignInLinks>>['signInLinks'] = [];
    for (let before: string | undefined; ; ) {
      const page = await client.listSignInLinks({ limit: 100, before });
      signInLinks.push(...page.signInLinks);
      before = page.next;
      if (before === undefined) break;
    }
    if (options.json) return printJson(terminal, { signInLinks });
    printTable(
      terminal,
      ['ID', 'ACCESS', 'CONNECTION', 'USER', 'EXPIRES', 'USED', 'REVOKED'],
      signInLinks.map((link) => [
        link.id,
        link.access,
        link.connectionId,
        link.user?.name,
        link.expiresAt,
        link.usedAt,
        link.revokedAt,
      ]),
    );
  });

  withExample(
    withServiceOptions(group.command('revoke <id>').description(summaryOf('revokeSignInLink'))),
    'rolebridge sign-in-links revoke lnk_…',
  ).action(async (id: string, options: ServiceOptions) => {
    await (await clientOf(options, terminal)).revokeSignInLink(id);
    if (options.json) printJson(terminal, { revoked: id });
    else terminal.stdout.write(`revoked ${id}\n`);
  });
}

function requestOf({ expiresIn, connection, access, user, email, returnUrl }: CreateOptions) {
  return {
    ...(expiresIn !== undefined && { expiresInSeconds: expiresIn }),
    ...(connection !== undefined && { connectionId: connection }),
    ...(access !== undefined && { access }),
    ...(user !== undefined && { user: { name: user, ...(email !== undefined && { email }) } }),
    ...(returnUrl !== undefined && { returnUrl }),
  };
}
