import { existsSync } from 'node:fs';
import { exchange } from '../../../client/request.js';
import { RolebridgeError } from '../../domain/errors.js';
import { openStore } from '../../records/open.js';
import type { Examination, Finding } from './finding.js';

const timeoutMs = 5_000;

export async function checkStore(examination: Examination): Promise<Finding> {
  const { config } = examination;
  const check = 'store';
  const place = config.database ? 'The database' : `The data directory ${config.dataDirectory}`;
  if (!config.database && !existsSync(config.dataDirectory))
    return {
      check,
      outcome: 'ok',
      message: `${place} is not there yet; the service makes it when it starts.`,
    };
  try {
    examination.store = await openStore(config);
    await examination.store.ready();
    return { check, outcome: 'ok', message: `${place} can be read and written.` };
  } catch (error) {
    if (!(error instanceof RolebridgeError)) throw error;
    const url = `http://${config.host.includes(':') ? `[${config.host}]` : config.host}:${config.port}`;
    // A running service has its directory to itself; then it can say whether it could write.
    if (!config.database && (await answers(`${url}/readyz`, 'ready')))
      return {
        check,
        outcome: 'ok',
        message: `${place} is in use by the service at ${url}, which can write.`,
      };
    return {
      check,
      outcome: 'failed',
      message: error.detail,
      remedy: error.remedy ?? 'Look at the disk, the owner and the mode of the directory.',
    };
  }
}

export async function checkPublicUrl({ config }: Examination): Promise<Finding> {
  const check = 'public URL';
  const { publicUrl } = config;
  if (publicUrl === undefined)
    return {
      check,
      outcome: 'warning',
      message: `None is set: customers' stacks are told to call back http://${config.host}:${config.port}.`,
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
  return exchange({ url: new URL(url), method: 'GET', headers: {}, body: undefined, signal }).then(
    ({ text }) => text.includes(`"status":"${status}"`),
    () => false,
  );
}
