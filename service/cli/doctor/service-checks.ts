import { accessSync, constants, existsSync } from 'node:fs';
import { sendRequest } from '../../../client/request.js';
import { RolebridgeError } from '../../domain/errors.js';
import { proxyAgentFor } from '../../proxy-agent.js';
import { inspect } from '../../records/lowdb/inspect.js';
import { openStore } from '../../records/open.js';
import { codeOf } from '../../unknown-value.js';
import { type Examination, type Finding, failed, ok, warning } from './finding.js';

const timeoutMs = 5_000;

export async function checkStore(examination: Examination): Promise<Finding> {
  const { config } = examination;
  try {
    if (!config.database) return await checkDataDirectory(examination);
    examination.store = await openStore(config);
    await examination.store.ready();
    const faults = await examination.store.auditFaults();
    return faults.length > 0
      ? failed(
          faults.join(' '),
          'Keep the database as evidence. Restore a backup, or accept the missing records.',
        )
      : ok('The database can be read and written.');
  } catch (error) {
    if (!(error instanceof RolebridgeError)) throw error;
    return failed(error.detail, error.remedy ?? 'Check the database and the permissions of this user.');
  }
}

/** Reads all of it, every line of the audit logs too, beside a service that uses it. */
async function checkDataDirectory(examination: Examination): Promise<Finding> {
  const { dataDirectory, serviceKeys } = examination.config;
  const place = `The data directory ${dataDirectory}`;
  if (!existsSync(dataDirectory)) return ok(`${place} does not exist yet; the service creates it at start.`);
  try {
    accessSync(dataDirectory, constants.R_OK | constants.W_OK);
  } catch (error) {
    return failed(
      `${place} can't be read and written (${codeOf(error)}).`,
      'Check the disk, and the owner and mode of the directory.',
    );
  }
  const { holder, damages, large, store } = await inspect(dataDirectory, serviceKeys);
  examination.store = store;
  if (damages.length > 0)
    return failed(
      damages.map(({ message }) => `${message}.`).join(' '),
      'Restore a backup ("rolebridge restore"), or run "rolebridge repair" to see the data it would drop.',
    );
  const [largest] = [...large].sort(([, one], [, other]) => other - one);
  if (largest)
    return warning(
      `${largest[0]} has ${largest[1]} connections: each change writes all of them.`,
      'Use PostgreSQL for this ("rolebridge migrate").',
    );
  return ok(`${place} is intact, and in use by ${holder?.name ?? 'no service'}.`);
}

export async function checkPublicUrl({ config }: Examination): Promise<Finding> {
  const { publicUrl } = config;
  if (publicUrl === undefined)
    return warning(
      `None is set: customers' stacks call back http://${config.host}:${config.port}.`,
      'Set ROLEBRIDGE_PUBLIC_URL to where customers reach the service.',
    );
  const { protocol, hostname } = new URL(publicUrl);
  const isLoopback = /^(localhost|127(\.\d+){3}|\[::1\])$/.test(hostname);
  if (protocol === 'http:' && !isLoopback)
    return warning(
      `${publicUrl} is http: callbacks and API keys can be read on the way.`,
      'Put TLS in front of the service, and set ROLEBRIDGE_PUBLIC_URL to the https: address.',
    );
  return (await answersOk(`${publicUrl}/healthz`))
    ? ok(`The service answers at ${publicUrl}.`)
    : warning(
        `The service does not answer at ${publicUrl}.`,
        'Start it, or check ROLEBRIDGE_PUBLIC_URL, DNS and the proxy in front of it.',
      );
}

/** Whether a health endpoint answers that it is well. */
async function answersOk(url: string): Promise<boolean> {
  const signal = AbortSignal.timeout(timeoutMs);
  const agent = proxyAgentFor(url);
  return sendRequest({ url: new URL(url), method: 'GET', headers: {}, body: undefined, signal, agent }).then(
    ({ text }) => text.includes('"status":"ok"'),
    () => false,
  );
}
