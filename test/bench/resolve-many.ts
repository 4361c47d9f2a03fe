import type { LoadHandlers } from './load-process.js';
import { interleaved, type Measurement } from './measure.js';
import { startChild } from './processes.js';
import type { ServiceHandlers } from './service-process.js';

const rounds = 9;
const roundMs = 700;

/** `POST /v1/resolve` with 100 targets, against the same call with one. */
export async function measureResolveMany(directory: string): Promise<Measurement[]> {
  const service = startChild<ServiceHandlers>(new URL('./service-process.ts', import.meta.url));
  const loader = startChild<LoadHandlers>(new URL('./load-process.ts', import.meta.url));
  try {
    const { url, apiKeys } = await service.call('start', {
      directory,
      organizations: 1,
      connectionsEach: 100,
      pending: [],
      sts: { endpoint: 'http://127.0.0.1:9', key: { accessKeyId: 'none', secretAccessKey: 'none' } },
      principal: 'arn:aws:iam::123456789012:user/rolebridge',
    });
    const targets = Array.from({ length: 100 }, (_, number) => ({
      project: `project-${number % 10}`,
      environment: `environment-${number % 9}`,
      architecture: `web-${number}`,
    }));
    const msEach = async (count: number) => {
      const body = JSON.stringify({ targets: targets.slice(0, count) });
      const head = `POST /v1/resolve HTTP/1.1\r\nhost: bench\r\nauthorization: Bearer ${apiKeys[0]}\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n`;
      const wanted = { url, requests: [head + body], atOnce: 8, durationMs: roundMs };
      const { completed, elapsedMs } = await loader.call('load', wanted);
      return elapsedMs / completed;
    };
    await msEach(1);
    await msEach(100);
    const each = await interleaved<'one' | 'many'>(rounds, { one: () => msEach(1), many: () => msEach(100) });
    return [
      {
        name: 'resolve of 100 targets in one call, against one target',
        unit: 'ms each',
        ours: each.many,
        baseline: each.one,
        goal: { atMost: 5 },
      },
    ];
  } finally {
    service.stop();
    loader.stop();
  }
}
