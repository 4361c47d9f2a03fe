import { ConfigurationError, readSettings, type Settings, unknownSettings } from '../../settings/index.js';
import { exitCodes } from '../exit-codes.js';
import { Ended } from '../failure.js';
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
import type { Examination, Finding } from './finding.js';
import { checkEncryptionKey, checkServiceKeys } from './key-checks.js';
import { checkPublicUrl, checkStore } from './service-checks.js';

const checks = [
  checkClock,
  checkStore,
  checkVendorCredentials,
  checkCanary,
  checkStsEndpoint,
  checkIamEndpoint,
  checkAwsEndpoints,
  checkPublicUrl,
  checkServiceKeys,
  checkEncryptionKey,
];

/** `rolebridge doctor`: ends with 1 when a check failed, with 2 when it is the configuration. */
export async function doctor({ json }: { json?: boolean }, terminal: Terminal): Promise<void> {
  const findings: Finding[] = [];
  for await (const finding of examine(terminal.env)) {
    findings.push(finding);
    if (!json) show(finding, terminal);
  }
  const failed = findings.filter(({ outcome }) => outcome === 'failed');
  if (json) printJson(terminal, { healthy: failed.length === 0, checks: findings });
  if (failed.length > 0)
    throw new Ended(failed[0]?.check === 'configuration' ? exitCodes.usage : exitCodes.refused);
}

/** In order; without a configuration there is nothing else to look at. */
async function* examine(env: NodeJS.ProcessEnv): AsyncGenerator<Finding> {
  let config: Settings;
  try {
    config = readSettings(env);
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    yield {
      check: 'configuration',
      outcome: 'failed',
      message: error.message,
      remedy: 'Correct the named settings; docs/settings.md lists all.',
    };
    return;
  }
  const unknown = unknownSettings(env);
  yield unknown.length === 0
    ? { check: 'configuration', outcome: 'ok', message: 'Every setting is valid.' }
    : {
        check: 'configuration',
        outcome: 'warning',
        message: `${unknown.join(', ')}: unknown, so ignored.`,
        remedy: 'Correct the name or unset it; docs/settings.md lists all settings.',
      };
  const stsAnswers = await reachSts(config, Date.now);
  const examination: Examination = { config, now: Date.now, stsAnswers, store: undefined };
  try {
    for (const check of checks) yield await check(examination);
  } finally {
    await examination.store?.close();
  }
}

const signs: Record<Finding['outcome'], string> = {
  ok: 'ok',
  warning: 'warning',
  failed: 'FAILED',
  not_checked: 'not checked',
};

function show({ check, outcome, message, remedy }: Finding, terminal: Terminal): void {
  terminal.stdout.write(`${signs[outcome].padEnd(11)}  ${check}: ${printable(message)}\n`);
  if (remedy && outcome !== 'ok') terminal.stdout.write(`${' '.repeat(13)}${printable(remedy)}\n`);
}
