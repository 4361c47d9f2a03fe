import { scopesOf } from './connections.js';
import type { ExpressHandlers } from './express-process.js';
import type { LoadHandlers } from './load-process.js';
import { interleaved, type Measurement } from './measure.js';
import { startChild } from './processes.js';
import type { ServiceHandlers } from './service-process.js';

const rounds = 7;
const roundMs = 1_000;
const atOnce = 32;
const sizes = { 100: [4, 25], 10000: [20, 500], 100000: [100, 1_000] } as const;

/** `GET /v1/resolve` with as many connections in the store, against a bare Express handler with the same answer. */
export async function measureResolve(directory: string): Promise<Measurement[]> {
  const expressProcess = startChild<ExpressHandlers>(new URL('./express-process.ts', import.meta.url));
  const loadProcess = startChild<LoadHandlers>(new URL('./load-process.ts', import.meta.url));
  const services = Object.entries(sizes).map(([size, [organizations, connectionsEach]]) => ({
    size: Number(size),
    organizations,
    connectionsEach,
    process: startChild<ServiceHandlers>(new URL('./service-process.ts', import.meta.url)),
  }));
  try {
    const ours: Record<string, () => Promise<number>> = {};
    let body = '';
    let requestsOfBare: string[] = [];
    const rate = async (url: string, requests: string[], durationMs: number) => {
      const { completed, elapsedMs } = await loadProcess.call('load', { url, requests, atOnce, durationMs });
      return (completed / elapsedMs) * 1000;
    };
    for (const { size, organizations, connectionsEach, process } of services) {
      const service = await process.call('start', {
        directory: `${directory}/${size}`,
        organizations,
        connectionsEach,
        pending: [],
        sts: { endpoint: 'http://127.0.0.1:9', key: { accessKeyId: 'none', secretAccessKey: 'none' } },
        principal: 'arn:aws:iam::123456789012:user/rolebridge',
      });
      const targets = targetsOf(connectionsEach);
      const requests = Array.from({ length: Math.min(5_000, organizations * targets.length) }, (_, number) =>
        requestOf(
          // Another organization each time, and all of its targets in turn.
          targets[Math.floor(number / organizations) % targets.length] as string,
          service.apiKeys[number % organizations] as string,
        ),
      );
      ours[String(size)] = () => rate(service.url, requests, roundMs);
      await rate(service.url, requests, roundMs);
      requestsOfBare = requests;
      body = await answerOf(service.url, targets.at(-1) as string, service.apiKeys.at(-1) as string);
    }
    const { url } = await expressProcess.call('start', { path: '/v1/resolve', body });
    await rate(url, requestsOfBare, roundMs);

    const rates = await interleaved<string>(rounds, {
      ...ours,
      bare: () => rate(url, requestsOfBare, roundMs),
    });
    const bare = rates.bare ?? Number.NaN;
    const rateOf = (size: number) => rates[String(size)] ?? Number.NaN;
    return [
      ...services.map(
        ({ size }): Measurement => ({
          name: `resolve, ${size.toLocaleString('en')} connections, against bare Express`,
          unit: 'requests/s',
          ours: rateOf(size),
          baseline: bare,
          goal: { atLeast: 1.2 },
        }),
      ),
      {
        name: 'resolve is flat: 100,000 connections against 100',
        unit: 'requests/s',
        ours: rateOf(100_000),
        baseline: rateOf(100),
        goal: { atLeast: 0.9 },
      },
    ];
  } finally {
    for (const child of [expressProcess, loadProcess, ...services.map((service) => service.process)])
      child.stop();
  }
}

/** Inside an environment: the environment's connection, with the project's and the default in its shadow. */
export const targetsOf = (connections: number): string[] =>
  scopesOf(connections).flatMap(({ project, environment }) =>
    environment === undefined ? [] : [`project=${project}&environment=${environment}&architecture=web`],
  );

export const requestOf = (target: string, apiKey: string): string =>
  `GET /v1/resolve?${target} HTTP/1.1\r\nhost: bench\r\nauthorization: Bearer ${apiKey}\r\n\r\n`;

async function answerOf(url: string, target: string, apiKey: string): Promise<string> {
  const response = await fetch(`${url}/v1/resolve?${target}`, {
    headers: { authorization: `Bearer ${apiKey}` },
  });
  return response.text();
}
