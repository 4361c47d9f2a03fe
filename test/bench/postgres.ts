import { callbackMessage, provisioned } from '../callback-message.js';
import { startPostgres } from '../postgres/index.js';
import type { LoadHandlers } from './load-process.js';
import { interleaved, type Measurement } from './measure.js';
import { startChild } from './processes.js';
import type { QueryHandlers } from './query-process.js';
import { requestOf, targetsOf } from './resolve.js';
import type { SandboxHandlers } from './sandbox-process.js';
import type { ServiceHandlers } from './service-process.js';
import type { StsHandlers } from './sts-process.js';

const rounds = 5;
const roundMs = 1_000;
const atOnce = 32;
const callbacks = 128;
const sizes = { 100: [4, 25], 100000: [100, 1_000] } as const;

/** A service process on PostgreSQL, on the same machine: start, resolve and callbacks with 100,000 connections. */
export async function measurePostgres(directory: string): Promise<Measurement[]> {
  const server = await startPostgres({ settings: ['shared_buffers=256MB', 'max_connections=200'] });
  const load = startChild<LoadHandlers>(new URL('./load-process.ts', import.meta.url));
  const queries = startChild<QueryHandlers>(new URL('./query-process.ts', import.meta.url));
  const sandbox = startChild<SandboxHandlers>(new URL('./sandbox-process.ts', import.meta.url));
  const sts = startChild<StsHandlers>(new URL('./sts-process.ts', import.meta.url));
  const services = Object.entries(sizes).map(([size, [organizations, connectionsEach]]) => ({
    size: Number(size),
    organizations,
    connectionsEach,
    process: startChild<ServiceHandlers>(new URL('./service-process.ts', import.meta.url)),
  }));
  try {
    const {
      roles,
      principal,
      url: endpoint,
      key,
    } = await sandbox.call('start', {
      roles: (rounds + 1) * callbacks,
      delayMs: 0,
    });
    const rates: Record<string, () => Promise<number>> = {};
    let large = {
      databaseUrl: '',
      url: '',
      pending: [] as { id: string; callbackSecret: string; roleArn: string; roleId: string }[],
    };
    for (const { size, organizations, connectionsEach, process } of services) {
      const databaseUrl = await server.newSchema();
      const service = await process.call('start', {
        directory,
        databaseUrl,
        organizations,
        connectionsEach,
        pending: size === 100 ? [] : roles,
        sts: { endpoint, key },
        principal,
      });
      large = { databaseUrl, url: service.url, pending: service.pending };
      const targets = targetsOf(connectionsEach);
      const requests = Array.from({ length: 5_000 }, (_, number) =>
        requestOf(
          targets[Math.floor(number / organizations) % targets.length] as string,
          service.apiKeys[number % organizations] as string,
        ),
      );
      rates[String(size)] = async () => {
        const { url } = service;
        const { completed, elapsedMs } = await load.call('load', {
          url,
          requests,
          atOnce,
          durationMs: roundMs,
        });
        return (completed / elapsedMs) * 1000;
      };
      await rates[String(size)]?.();
    }
    const bare = () => queries.call('read', { url: large.databaseUrl, atOnce, durationMs: roundMs });
    await bare();
    const resolved = await interleaved<string>(rounds, { ...rates, bare });

    let next = 0;
    const callBack = async () => {
      const requests = large.pending.slice(next, next + callbacks).map((connection) => {
        const { headers, body } = callbackMessage(
          connection.callbackSecret,
          provisioned(connection.id, connection.roleArn, undefined, connection.roleId),
        );
        const lines = Object.entries({ host: 'bench', ...headers, 'content-length': String(body.length) });
        return `POST /v1/callbacks HTTP/1.1\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n${body}`;
      });
      next += callbacks;
      const { elapsedMs, completed } = await load.call('load', {
        url: large.url,
        requests,
        atOnce,
        count: callbacks,
      });
      return elapsedMs / completed;
    };
    const bareCalls = async () => {
      const { elapsedMs, completed } = await sts.call('verify', {
        endpoint,
        key,
        roles: roles.slice(0, callbacks),
        atOnce,
      });
      return elapsedMs / completed;
    };
    await callBack();
    // Between two of its turns the sandbox may have closed the sockets that the SDK keeps.
    const baseline = () => bareCalls().catch(bareCalls);
    const called = await interleaved(rounds, { ours: callBack, baseline });

    const starting = startChild<ServiceHandlers>(new URL('./service-process.ts', import.meta.url));
    const { openedMs } = await starting
      .call('start', {
        directory,
        databaseUrl: large.databaseUrl,
        organizations: 0,
        connectionsEach: 0,
        pending: [],
        sts: { endpoint, key },
        principal,
      })
      .finally(() => starting.stop());
    return [
      {
        name: 'start on PostgreSQL with 100,000 connections, against a session and one query',
        unit: 'ms',
        ours: openedMs,
        baseline: await queries.call('connect', { url: large.databaseUrl }),
      },
      {
        name: 'resolve on PostgreSQL, 100,000 connections, against its two queries alone',
        unit: 'requests/s',
        ours: resolved['100000'] ?? Number.NaN,
        baseline: resolved.bare ?? Number.NaN,
        goal: { atLeast: 0.5 },
      },
      {
        name: 'resolve on PostgreSQL is flat: 100,000 connections against 100',
        unit: 'requests/s',
        ours: resolved['100000'] ?? Number.NaN,
        baseline: resolved['100'] ?? Number.NaN,
        goal: { atLeast: 0.9 },
      },
      {
        name: `callback to connected on PostgreSQL, ${atOnce} at once, against the STS calls alone`,
        unit: 'ms each',
        ...called,
      },
    ];
  } finally {
    for (const child of [load, queries, sandbox, sts, ...services.map(({ process }) => process)])
      child.stop();
    await server.dispose();
  }
}
