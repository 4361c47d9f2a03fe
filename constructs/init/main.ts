#!/usr/bin/env node
/**
 * `npx @rolebridge/constructs init`: adds a connection to a CDKTF or CDK Terrain project, or makes a new one. It shows
 * the planned files and asks; it overwrites nothing, installs nothing and knows no secret.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import * as path from 'node:path';
import { parseArgs } from 'node:util';
import { callerAccount, check, runCheck } from './check';
import { cdkOf, type FileChange, type Plan, planFiles, readProject } from './plan';
import { pull } from './pull';
import { readSetup, type Setup } from './set-up-code';
import type { Cdk } from './templates';
import { askSecret, type ConnectionValues, confirm, readValues, VALUES } from './values';

const USAGE = `Usage: npx @rolebridge/constructs init [folder] [options]

Adds a connection to the CDKTF or CDK Terrain project in the folder (default: this one), or creates a project.

       npx @rolebridge/constructs check [options]

Checks secret, URL, external ID and account with the service, as a deploy does before it creates a role.

       npx @rolebridge/constructs pull NAME@VERSION [options]

Fetches a permission set into permissions/, for you to review and commit.

  --setup LINK          the set-up code or link from the connection's page, instead of the values below
  --cdk NAME            cdktf or cdktn; by default the project's own
  --yes                 write without asking
  --dry-run             show what would be written, and stop
  --version             print the version
${Object.values(VALUES)
  .map(({ flag, variable, question }) => `  --${flag.padEnd(20)}${question} (${variable})`)
  .join('\n')}

The callback secret is in no file: set CONNECT_CALLBACK_SECRET for the person or job that runs the deploy.`;

main(process.argv.slice(2)).then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.message : error}\n`);
    process.exitCode = 1;
  },
);

async function main(words: string[]): Promise<number> {
  if (words.some((word) => /^--callback-secret\b|^whsec_/.test(word)))
    throw new Error(
      'The callback secret must not be on a command line, where other users and the shell history see it. Leave it out here, and set CONNECT_CALLBACK_SECRET when you deploy.',
    );
  const { values: flags, positionals } = readFlags(words);
  if (flags.version === true) {
    say(ownVersion());
    return 0;
  }
  if (flags.help === true) {
    say(USAGE);
    return 0;
  }
  const [command, folderName = '.', ...more] = positionals;
  const isOnTerminal = process.stdin.isTTY === true;
  if (command === 'check' && positionals.length === 1) return check(flags, process.env, isOnTerminal);
  if (command === 'pull' && positionals.length === 2) {
    const { callbackUrl } = await readValues(flags, process.env, isOnTerminal, ['callbackUrl']);
    const { file, isNew } = await pull(folderName, callbackUrl, '.', process.env);
    say(isNew ? `Written: ${file}. Review and commit it.` : `${file} is up to date.`);
    return 0;
  }
  if (command !== 'init' || more.length > 0)
    throw new Error(`Give init [folder], check or pull NAME@VERSION.\n\n${USAGE}`);

  const folder = path.resolve(folderName);
  const project = readProject(folder);
  const cdk = chooseCdk(cdkOf(project), flags.cdk);
  const setup =
    typeof flags.setup === 'string' ? await readSetup(flags.setup, flags, process.env) : undefined;
  if (setup !== undefined) showSetup(setup);
  const values = setup?.values ?? (await readValues(flags, process.env, isOnTerminal));
  const plan = planFiles(project, { cdk, version: ownVersion(), supportsCli: supportsCli(cdk) }, values);

  say(plan.isNew ? `A new ${cdk} project in ${folder}:` : `The ${cdk} project in ${folder}:`);
  if (plan.isNew && cdk === 'cdktf' && flags.cdk === undefined)
    say(
      `(CDK Terrain is the maintained one; its command line needs Node.js 22.19, and this is ${process.versions.node}.)`,
    );
  for (const change of plan.changes) show(folder, change);
  if (flags['dry-run'] === true) return 0;
  if (flags.yes !== true && !isOnTerminal) {
    say('Nothing was written. Run it again with --yes to write this.');
    return 1;
  }
  if (flags.yes !== true && !(await confirm('Write these files?'))) {
    say('Nothing was written.');
    return 1;
  }
  mkdirSync(folder, { recursive: true });
  for (const { path: file, after } of plan.changes) writeFileSync(file, after);
  const checked = setup === undefined ? undefined : await checkSecret(values, isOnTerminal);
  sayNext(plan, folderName);
  return checked ?? 0;
}

/** The values to compare with the vendor's page before anything is written. */
function showSetup({ host, vendorName, name, expiresAt, values }: Setup): void {
  say(`Set-up code of connection ${JSON.stringify(name)}${vendorName && ` with ${vendorName}`}`);
  say(`  Host        ${host}`);
  say(`  Account     ${values.expectedAccountId ?? 'any: none is set yet'}`);
  say(`  Principal   ${values.principal}`);
  say(`  Scope       ${Object.values(values.scope ?? {}).join('/') || 'as the service has it'}`);
  say(`  Permissions ${values.permissions}`);
  say(`  Expires     ${expiresAt}\n`);
}

/** Checks the secret of the environment or a typed one, which goes into no file. @returns undefined without a secret */
async function checkSecret(values: ConnectionValues, isOnTerminal: boolean): Promise<number | undefined> {
  const inEnvironment = [
    `CONNECT_CALLBACK_SECRET_${values.connectionId.toUpperCase()}`,
    'CONNECT_CALLBACK_SECRET',
  ]
    .map((name) => process.env[name])
    .find(Boolean);
  const secret =
    inEnvironment ??
    (isOnTerminal ? await askSecret('Callback secret, to check it now (Enter to skip): ') : '');
  if (secret === '') return undefined;
  const accountId = callerAccount(process.env) || values.expectedAccountId || '';
  return runCheck(values, accountId, { ...process.env, CONNECT_CALLBACK_SECRET: secret });
}

function readFlags(words: string[]) {
  const text = { type: 'string' } as const;
  const yesOrNo = { type: 'boolean' } as const;
  try {
    return parseArgs({
      args: words,
      allowPositionals: true,
      options: {
        ...Object.fromEntries(Object.values(VALUES).map(({ flag }) => [flag, text])),
        cdk: text,
        setup: text,
        yes: { ...yesOrNo, short: 'y' },
        'dry-run': yesOrNo,
        help: { ...yesOrNo, short: 'h' },
        version: yesOrNo,
      },
    }) as { values: Record<string, string | boolean | undefined>; positionals: string[] };
  } catch (error) {
    throw new Error(`${error instanceof Error ? error.message : error}\n\n${USAGE}`);
  }
}

/** A new project gets CDK Terrain, which is maintained, where its command line starts. */
function chooseCdk(present: Cdk | undefined, wanted: string | boolean | undefined): Cdk {
  if (wanted !== undefined && wanted !== 'cdktf' && wanted !== 'cdktn')
    throw new Error(`--cdk must be cdktf or cdktn; it is ${JSON.stringify(wanted)}.`);
  if (present !== undefined && wanted !== undefined && present !== wanted)
    throw new Error(`This project uses ${present}. Leave --cdk out, or move the project to ${wanted} first.`);
  return present ?? wanted ?? (supportsCli('cdktn') ? 'cdktn' : 'cdktf');
}

/** `cdktn-cli` does not start before Node 22.19. */
function supportsCli(cdk: Cdk): boolean {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  return cdk === 'cdktf' || major > 22 || (major === 22 && minor >= 19);
}

function ownVersion(): string {
  const file = path.join(__dirname, '..', '..', 'package.json');
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
}

/** A new file whole; of a changed one, the lines that go and come. */
function show(folder: string, { path: file, before, after }: FileChange): void {
  say(`\n${before === undefined ? 'new' : 'changed'}: ${path.relative(folder, file)}`);
  const [old, next] = [before?.split('\n') ?? [], after.split('\n')];
  const [lines, others] = [new Set(next), new Set(old)];
  for (const line of old) if (!lines.has(line)) say(`  - ${line}`);
  for (const line of next) if (before === undefined || !others.has(line)) say(`  + ${line}`);
}

function sayNext({ cdk, isNew, byHand }: Plan, folder: string): void {
  say('\nWritten. Next:');
  for (const line of byHand) say(`  ${line}`);
  if (folder !== '.') say(`  cd ${JSON.stringify(folder)}`);
  say('  npm install');
  say('  export CONNECT_CALLBACK_SECRET=…   # the set-up page shows it once');
  say(isNew ? '  npm run deploy' : `  npx ${cdk} deploy`);
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}
