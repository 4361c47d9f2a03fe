import { callbackMessage, provisioned } from '../callback-message.js';
import { startPostgres } from '../postgres/index.js';
import type { LoadHandlers } from './load-process.js';
import type { Measurement } from './measure.js';
import { startChild } from './processes.js';
import { requestOf, targetsOf } from './resolve.js';
import type { SandboxHandlers } from './sandbox-process.js';
import type { ServiceHandlers } from './service-process.js';

const minutes = 5;
const warmUpMs = 60_000;
const atOnce = 32;
const organizations = 20;
const connectionsEach = 500;
/** Requests before they repeat: enough that no two rename the same connection at once. */
const round = 1_000;
const target = { project: 'sustained' };

/** Five minutes of a platform's requests without a pause: memory and speed of the last minute against the first. */
export async function measureSustained(directory: string): Promise<Measurement[]> {
  const server = await startPostgres({ settings: ['shared_buffers=256MB'] });
  try {
    return [
      ...(await measureStore('file store', { directory })),
      ...(await measureStore('PostgreSQL', { directory, databaseUrl: await server.newSchema() })),
    ];
  } finally {
    await server.dispose();
  }
}

async function measureStore(
  name: string,
  place: { directory: string; databaseUrl?: string },
): Promise<Measurement[]> {
  const sandbox = startChild<SandboxHandlers>(new URL('./sandbox-process.ts', import.meta.url));
  const service = startChild<ServiceHandlers>(new URL('./service-process.ts', import.meta.url));
  const load = startChild<LoadHandlers>(new URL('./load-process.ts', import.meta.url));
  try {
    const { roles, principal, key, url } = await sandbox.call('start', {
      roles: organizations + round / 10,
      delayMs: 0,
      actions: ['sts:AssumeRole', 'sts:SetSourceIdentity', 'sts:TagSession'],
    });
    const started = await service.call('start', {
      ...place,
      organizations,
      connectionsEach,
      pending: roles,
      sts: { endpoint: url, key },
      principal,
    });
    for (const { id, callbackSecret, roleArn, roleId } of started.pending.slice(0, organizations)) {
      const message = callbackMessage(callbackSecret, provisioned(id, roleArn, target, roleId));
      const response = await fetch(`${started.url}/v1/callbacks`, { method: 'POST', ...message });
      if (!response.ok) throw new Error(`Not connected: ${await response.text()}`);
    }
    const requests = requestsOf(
      started.apiKeys,
      started.pending.slice(organizations).map(({ id }) => id),
    );
    const minute = async (durationMs: number) => {
      const { completed, elapsedMs } = await load.call('load', {
        url: started.url,
        requests,
        atOnce,
        durationMs,
      });
      return { rate: (completed / elapsedMs) * 1000, ...(await service.call('memory', undefined)) };
    };
    await minute(warmUpMs);
    const each: Awaited<ReturnType<typeof minute>>[] = [];
    for (let number = 1; number <= minutes; number++) {
      each.push(await minute(60_000));
      const { rate, heldBytes, residentBytes } = each.at(-1) as (typeof each)[number];
      console.error(
        `  ${name}, minute ${number}: ${Math.round(rate)} requests/s, ${megabytes(heldBytes)} MB held, ${megabytes(residentBytes)} MB resident`,
      );
    }
    const [first, last] = [each[0], each.at(-1)] as [(typeof each)[number], (typeof each)[number]];
    return [
      {
        name: `memory held after ${minutes} minutes of load, ${name}, against the first`,
        unit: 'MB',
        ours: last.heldBytes / 1e6,
        baseline: first.heldBytes / 1e6,
        goal: { atMost: 1.1 },
      },
      {
        name: `requests in the last of ${minutes} minutes, ${name}, against the first`,
        unit: 'requests/s',
        ours: last.rate,
        baseline: first.rate,
        goal: { atLeast: 0.9 },
      },
    ];
  } finally {
    for (const child of [load, service, sandbox]) child.stop();
  }
}

/** Of every ten, six resolve, two ask for credentials, one reads a page of connections and one renames one. */
function requestsOf(apiKeys: readonly string[], renamed: readonly string[]): string[] {
  const targets = targetsOf(connectionsEach);
  return Array.from({ length: round }, (_, number) => {
    const place = Math.floor(number / 10) % apiKeys.length;
    const apiKey = apiKeys[place] as string;
    const kind = number % 10;
    if (kind < 6) return requestOf(targets[number % targets.length] as string, apiKey);
    if (kind < 8) return withBody('POST', '/v1/credentials', apiKey, target);
    if (kind === 8)
      return `GET /v1/connections?limit=20 HTTP/1.1\r\nhost: bench\r\nauthorization: Bearer ${apiKey}\r\n\r\n`;
    return withBody('PATCH', `/v1/connections/${renamed[Math.floor(number / 10)]}`, apiKey, {
      name: `renamed ${number}`,
    });
  });
}

function withBody(method: string, path: string, apiKey: string, content: object): string {
  const body = JSON.stringify(content);
  return `${method} ${path} HTTP/1.1\r\nhost: bench\r\nauthorization: Bearer ${apiKey}\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`;
}

const megabytes = (bytes: number): string => (bytes / 1e6).toFixed(1);
