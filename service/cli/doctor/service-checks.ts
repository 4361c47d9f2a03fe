import { accessSync, constants, existsSync } from 'node:fs';
import { sendRequest } from '../../../client/request.js';
import { RolebridgeError } from '../../domain/errors.js';
import { proxyAgentFor } from '../../proxy-agent.js';
import { inspect } from '../../records/lowdb/inspect.js';
import { openStore } from '../../records/open.js';
import { codeOf } from '../../unknown-value.js';
import type { Examination, Finding } from './finding.js';

const timeoutMs = 5_000;

export async function checkStore(examination: Examination): Promise<Finding> {
  const { config } = examination;
  const check = 'store';
  try {
    if (!config.database) return { check, ...(await checkDataDirectory(examination)) };
    examination.store = await openStore(config);
    await examination.store.ready();
    const faults = await examination.store.auditFaults();
    if (faults.length > 0)
      return {
        check,
        outcome: 'failed',
        message: faults.join(' '),
        remedy: 'Keep the database as evidence. Restore a backup, or accept the missing records.',
      };
    return { check, outcome: 'ok', message: 'The database can be read and written.' };
  } catch (error) {
    if (!(error instanceof RolebridgeError)) throw error;
    return {
      check,
      outcome: 'failed',
      message: error.detail,
      remedy: error.remedy ?? 'Check the database and the permissions of this user.',
    };
  }
}

/** Reads all of it, every line of the audit logs too, beside a service that uses it. */
async function checkDataDirectory(examination: Examination): Promise<Omit<Finding, 'check'>> {
  const { config } = examination;
  const place = `The data directory ${config.dataDirectory}`;
  if (!existsSync(config.dataDirectory))
    return { outcome: 'ok', message: `${place} does not exist yet; the service creates it at start.` };
  try {
    accessSync(config.dataDirectory, constants.R_OK | constants.W_OK);
  } catch (error) {
    const code = codeOf(error);
    return {
      outcome: 'failed',
      message: `${place} can't be read and written (${code}).`,
      remedy: 'Check the disk, and the owner and mode of the directory.',
    };
  }
  const { holder, damages, large, store } = await inspect(config.dataDirectory, config.serviceKeys);
  examination.store = store;
  if (damages.length > 0)
    return {
      outcome: 'failed',
      message: damages.map(({ message }) => `${message}.`).join(' '),
      remedy:
        'Restore a backup ("rolebridge restore"), or run "rolebridge repair" to see the data it would drop.',
    };
  const [largest] = [...large].sort(([, one], [, other]) => other - one);
  if (largest)
    return {
      outcome: 'warning',
      message: `${largest[0]} has ${largest[1]} connections: each change writes all of them.`,
      remedy: 'Use PostgreSQL for this ("rolebridge migrate").',
    };
  if (holder === undefined)
    return { outcome: 'ok', message: `${place} is intact, and in use by no service.` };
  return { outcome: 'ok', message: `${place} is intact, and in use by ${holder.name}.` };
}

export async function checkPublicUrl({ config }: Examination): Promise<Finding> {
  const check = 'public URL';
  const { publicUrl } = config;
  if (publicUrl === undefined)
    return {
      check,
      outcome: 'warning',
      message: `None is set: customers' stacks call back http://${config.host}:${config.port}.`,
      remedy: 'Set ROLEBRIDGE_PUBLIC_URL to where customers reach the service.',
    };
  const { protocol, hostname } = new URL(publicUrl);
  const isLoopback = /^(localhost|127(\.\d+){3}|\[::1\])$/.test(hostname);
  if (protocol === 'http:' && !isLoopback)
    return {
      check,
      outcome: 'warning',
      message: `${publicUrl} is http: callbacks and API keys can be read on the way.`,
      remedy: 'Put TLS in front of the service, and set ROLEBRIDGE_PUBLIC_URL to the https: address.',
    };
  if (await answers(`${publicUrl}/healthz`, 'ok'))
    return { check, outcome: 'ok', message: `The service answers at ${publicUrl}.` };
  return {
    check,
    outcome: 'warning',
    message: `The service does not answer at ${publicUrl}.`,
    remedy: 'Start it, or check ROLEBRIDGE_PUBLIC_URL, DNS and the proxy in front of it.',
  };
}

async function answers(url: string, status: string): Promise<boolean> {
  const signal = AbortSignal.timeout(timeoutMs);
  const agent = proxyAgentFor(url);
  return sendRequest({ url: new URL(url), method: 'GET', headers: {}, body: undefined, signal, agent }).then(
    ({ text }) => text.includes(`"status":"${status}"`),
    () => false,
  );
}
