import { ConfigurationError, readSettings, type Settings, unknownSettings } from '../../settings/index.js';
import { exitCodes } from '../exit-codes.js';
import { ExitCode } from '../failure.js';
import { printable, printJson } from '../print.js';
import type { Terminal } from '../terminal.js';
import {
  checkAwsEndpoints,
  checkClock,
  checkIamEndpoint,
  checkStsEndpoint,
  checkVendorCredentials,
  reachSts,
} from './aws-checks.js';
import { checkCanary } from './canary-check.js';
import { type Check, type Examination, type Finding, failed, ok, warning } from './finding.js';
import { checkEncryptionKey, checkServiceKeys } from './key-checks.js';
import { checkPublicUrl, checkStore } from './service-checks.js';

/** The checks in order: `store` opens the store for the later ones. */
const checks: Readonly<Record<string, Check>> = {
  clock: checkClock,
  store: checkStore,
  'vendor credentials': checkVendorCredentials,
  canary: checkCanary,
  'STS endpoint': checkStsEndpoint,
  'IAM endpoint': checkIamEndpoint,
  'AWS endpoints': checkAwsEndpoints,
  'public URL': checkPublicUrl,
  'service keys': checkServiceKeys,
  'encryption key': checkEncryptionKey,
};

type NamedFinding = { readonly check: string } & Finding;

/** Runs `rolebridge doctor`: exits with 1 when a check failed, with 2 when it is the configuration. */
export async function doctor({ json }: { json?: boolean }, terminal: Terminal): Promise<void> {
  const findings: NamedFinding[] = [];
  for await (const finding of examine(terminal.env)) {
    findings.push(finding);
    if (!json) show(finding, terminal);
  }
  const failures = findings.filter(({ outcome }) => outcome === 'failed');
  if (json) printJson(terminal, { healthy: failures.length === 0, checks: findings });
  if (failures.length > 0)
    throw new ExitCode(failures[0]?.check === 'configuration' ? exitCodes.usage : exitCodes.refused);
}

/** Checks in order; only the configuration when it is wrong. */
async function* examine(env: NodeJS.ProcessEnv): AsyncGenerator<NamedFinding> {
  const config = settingsIn(env);
  if ('outcome' in config) return yield { check: 'configuration', ...config };
  const unknown = unknownSettings(env);
  yield {
    check: 'configuration',
    ...(unknown.length === 0
      ? ok('Every setting is valid.')
      : warning(
          `${unknown.join(', ')}: unknown, so ignored.`,
          'Correct the name or unset it; docs/settings.md lists all settings.',
        )),
  };
  const stsAnswers = await reachSts(config);
  const examination: Examination = { config, stsAnswers, store: undefined };
  try {
    for (const [check, run] of Object.entries(checks)) yield { check, ...(await run(examination)) };
  } finally {
    await examination.store?.close();
  }
}

function settingsIn(env: NodeJS.ProcessEnv): Settings | Finding {
  try {
    return readSettings(env);
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    return failed(error.message, 'Correct the named settings; docs/settings.md lists all.');
  }
}

const signs: Record<Finding['outcome'], string> = {
  ok: 'ok',
  warning: 'warning',
  failed: 'FAILED',
  not_checked: 'not checked',
};

function show({ check, outcome, message, remedy }: NamedFinding, terminal: Terminal): void {
  terminal.stdout.write(`${signs[outcome].padEnd(11)}  ${check}: ${printable(message)}\n`);
  if (remedy && outcome !== 'ok') terminal.stdout.write(`${' '.repeat(13)}${printable(remedy)}\n`);
}
