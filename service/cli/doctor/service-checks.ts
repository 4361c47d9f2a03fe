import { existsSync } from 'node:fs';
import { createKmsKeyEncryptionKey } from '../../aws/kms.js';
import { exchange } from '../../client/exchange.js';
import { RolebridgeError } from '../../domain/errors.js';
import type { ConnectionId } from '../../domain/ids.js';
import type { Store } from '../../domain/ports.js';
import { openStore } from '../../stores/choose.js';
import type { Configuration, Examination, Finding } from './finding.js';

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

export async function checkEncryptionKey({ config, store }: Examination): Promise<Finding> {
  const check = 'encryption key';
  const ids = [...(config.kms?.keyArns ?? []), ...(config.encryptionKeys ?? []).map(({ id }) => id)];
  const counts = store && (await keysInUse(store));
  const lost = [...(counts ?? [])].filter(([id]) => !ids.includes(id));
  if (lost.length > 0)
    return {
      check,
      outcome: 'failed',
      message: `${lost.map(([id, count]) => `${count} access keys are under the key "${id}"`).join(', ')}, which is not configured: they can't be opened.`,
      remedy: 'Add it again to ROLEBRIDGE_ENCRYPTION_KEYS or ROLEBRIDGE_KMS_KEY_ARNS, behind the first one.',
    };
  if (ids.length === 0)
    return config.takesAccessKeys
      ? {
          check,
          outcome: 'warning',
          message: 'None is set: the service takes no access keys, and all else works.',
          remedy:
            'Set ROLEBRIDGE_ENCRYPTION_KEYS or ROLEBRIDGE_KMS_KEY_ARNS; or ROLEBRIDGE_ACCESS_KEYS=off, if that is meant.',
        }
      : { check, outcome: 'ok', message: 'None is needed: access keys are turned off.' };
  const refusal = config.kms && (await kmsRefusal(config.kms));
  if (refusal) return { check, outcome: 'failed', ...refusal };
  const old = [...(counts ?? [])].filter(([id]) => id !== ids[0]);
  if (old.length > 0)
    return {
      check,
      outcome: 'warning',
      message: `${old.map(([id, count]) => `${count} access keys are still under "${id}"`).join(', ')}.`,
      remedy: 'Run "rolebridge reencrypt"; then the old key can go.',
    };
  return {
    check,
    outcome: 'ok',
    message: `Access keys are encrypted under "${ids[0]}"${counts ? '' : '; which keys are in use was not looked at'}.`,
  };
}

/** How many access keys are under each key. */
async function keysInUse(store: Store): Promise<Map<string, number>> {
  const counts = new Map<string, number>();
  for (let after: ConnectionId | undefined; ; ) {
    const page = await store.accessKeyConnections({ limit: 100, after });
    for (const connection of page.connections)
      if (connection.status !== 'disconnected') {
        const { keyId } = connection.accessKey.sealed;
        counts.set(keyId, (counts.get(keyId) ?? 0) + 1);
      }
    after = page.connections.at(-1)?.id;
    if (!page.hasMore) return counts;
  }
}

/** Wraps a key that is none's, and unwraps it. */
async function kmsRefusal(kms: NonNullable<Configuration['kms']>) {
  const context = { purpose: 'rolebridge doctor' };
  try {
    const key = createKmsKeyEncryptionKey(kms);
    const wrappedDataKey = await key.wrap(new Uint8Array(32), context);
    await key.unwrap({ keyId: key.id, wrappedDataKey }, context);
    return undefined;
  } catch (error) {
    if (!(error instanceof RolebridgeError)) throw error;
    return {
      message: error.detail,
      remedy: error.remedy ?? 'Allow the service kms:Encrypt and kms:Decrypt with that key.',
    };
  }
}

async function answers(url: string, status: string): Promise<boolean> {
  const signal = AbortSignal.timeout(timeoutMs);
  return exchange({ url: new URL(url), method: 'GET', headers: {}, body: undefined, signal }).then(
    ({ text }) => text.includes(`"status":"${status}"`),
    () => false,
  );
}
