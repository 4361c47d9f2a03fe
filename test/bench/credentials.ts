import { callbackMessage, provisioned } from '../callback-message.js';
import type { ExpressHandlers } from './express-process.js';
import type { LoadHandlers } from './load-process.js';
import { interleaved, type Measurement } from './measure.js';
import { startChild } from './processes.js';
import type { SandboxHandlers } from './sandbox-process.js';
import type { ServiceHandlers } from './service-process.js';

const rounds = 7;
const roundMs = 1_000;
const atOnce = 32;
const coldRounds = 5;
const target = JSON.stringify({ project: 'shop', environment: 'production', architecture: 'web' });

/** `POST /v1/credentials`: held ones against a bare Express handler with the same answer, and a thousand at once for none. */
export async function measureCredentials(directory: string): Promise<Measurement[]> {
  const sandboxProcess = startChild<SandboxHandlers>(new URL('./sandbox-process.ts', import.meta.url));
  const serviceProcess = startChild<ServiceHandlers>(new URL('./service-process.ts', import.meta.url));
  const expressProcess = startChild<ExpressHandlers>(new URL('./express-process.ts', import.meta.url));
  const parsingProcess = startChild<ExpressHandlers>(new URL('./express-process.ts', import.meta.url));
  const loadProcess = startChild<LoadHandlers>(new URL('./load-process.ts', import.meta.url));
  try {
    const { roles, principal, ...sandbox } = await sandboxProcess.call('start', {
      roles: 1 + coldRounds,
      delayMs: 0,
      actions: ['sts:AssumeRole', 'sts:SetSourceIdentity', 'sts:TagSession'],
    });
    // Each connection is its organization's default.
    const service = await serviceProcess.call('start', {
      directory,
      organizations: roles.length,
      connectionsEach: 0,
      pending: roles,
      pendingAreDefaults: true,
      sts: { endpoint: sandbox.url, key: sandbox.key },
      principal,
    });
    for (const { id, callbackSecret, roleArn, roleId } of service.pending) {
      const message = callbackMessage(callbackSecret, provisioned(id, roleArn, {}, roleId));
      const response = await fetch(`${service.url}/v1/callbacks`, { method: 'POST', ...message });
      if (!response.ok) throw new Error(`Not connected: ${await response.text()}`);
    }
    const [warmKey = '', ...coldKeys] = service.apiKeys;

    const calls: number[] = [];
    for (const key of coldKeys) {
      const before = await sandboxProcess.call('callsOf', 'AssumeRole');
      await loadProcess.call('load', {
        url: service.url,
        requests: [requestOf(key)],
        atOnce: 1_000,
        count: 1_000,
      });
      calls.push((await sandboxProcess.call('callsOf', 'AssumeRole')) - before);
    }

    const body = await answerOf(service.url, warmKey);
    const bare = await expressProcess.call('start', { path: '/v1/credentials', body });
    const parsing = await parsingProcess.call('start', { path: '/v1/credentials', body, readsJson: true });
    const rate = async (url: string, durationMs = roundMs) => {
      const { completed, elapsedMs } = await loadProcess.call('load', {
        url,
        requests: [requestOf(warmKey)],
        atOnce,
        durationMs,
      });
      return (completed / elapsedMs) * 1000;
    };
    for (const url of [service.url, bare.url, parsing.url]) await rate(url);
    const rates = await interleaved(rounds, {
      ours: () => rate(service.url),
      bare: () => rate(bare.url),
      parsing: () => rate(parsing.url),
    });
    return [
      {
        name: 'cached credentials, each audited on disk before the answer, against bare Express',
        unit: 'requests/s',
        ours: rates.ours,
        baseline: rates.bare,
        goal: { atLeast: 0.8 },
      },
      {
        name: 'cached credentials, against Express that reads the JSON it is sent',
        unit: 'requests/s',
        ours: rates.ours,
        baseline: rates.parsing,
      },
      {
        name: `AssumeRole for 1,000 at once on a cold connection, the most of ${coldRounds}`,
        unit: 'calls',
        ours: Math.max(...calls),
        baseline: 1,
        goal: { atMost: 1 },
      },
    ];
  } finally {
    for (const child of [sandboxProcess, serviceProcess, expressProcess, parsingProcess, loadProcess])
      child.stop();
  }
}

const requestOf = (apiKey: string): string =>
  `POST /v1/credentials HTTP/1.1\r\nhost: bench\r\nauthorization: Bearer ${apiKey}\r\ncontent-type: application/json\r\ncontent-length: ${target.length}\r\n\r\n${target}`;

async function answerOf(url: string, apiKey: string): Promise<string> {
  const response = await fetch(`${url}/v1/credentials`, {
    method: 'POST',
    headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' },
    body: target,
  });
  return response.text();
}
