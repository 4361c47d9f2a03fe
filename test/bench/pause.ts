import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { promisify } from 'node:util';
import type { LoadHandlers } from './load-process.js';
import type { Measurement } from './measure.js';
import type { PauseHandlers } from './pause-process.js';
import { startChild } from './processes.js';
import type { SandboxHandlers } from './sandbox-process.js';

const organizations = 1_000;
const connections = 100_000;
const measuredMs = 20_000;
const goalMs = 50;

/** The longest pause of the service's event loop while it writes, verifies roles again and is backed up. */
export async function measurePause(directory: string): Promise<Measurement[]> {
  const sandbox = startChild<SandboxHandlers>(new URL('./sandbox-process.ts', import.meta.url));
  const filling = startChild<PauseHandlers>(new URL('./pause-process.ts', import.meta.url));
  const service = startChild<PauseHandlers>(new URL('./pause-process.ts', import.meta.url));
  const load = startChild<LoadHandlers>(new URL('./load-process.ts', import.meta.url));
  try {
    const {
      roles,
      principal,
      url: endpoint,
      key,
    } = await sandbox.call('start', {
      roles: connections,
      delayMs: 0,
    });
    const serviceKey = randomBytes(32).toString('base64');
    const filled = await filling.call('fill', { directory, serviceKey, organizations, roles });
    filling.stop();
    const url = await service.call('start', { directory, serviceKey, sts: { endpoint, key }, principal });
    const requests = filled.map(({ apiKey, connectionId }, number) => {
      const body = JSON.stringify({ name: `renamed ${number}` });
      return `PATCH /v1/connections/${connectionId} HTTP/1.1\r\nhost: bench\r\nauthorization: Bearer ${apiKey}\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`;
    });
    const write = (durationMs: number) => load.call('load', { url, requests, atOnce: 32, durationMs });
    await write(2_000);
    await service.call('longestPauseMs', undefined);
    const backUp = promisify(execFile)(
      process.execPath,
      ['--import', 'tsx', 'service/main.ts', 'backup', `${directory}-backup`],
      {
        env: {
          ...process.env,
          ROLEBRIDGE_DATA_DIR: directory,
          ROLEBRIDGE_PRINCIPAL: principal,
          ROLEBRIDGE_SERVICE_KEYS: `k1:${serviceKey}`,
        },
      },
    );
    const { completed } = await write(measuredMs);
    await backUp;
    const pauseMs = await service.call('longestPauseMs', undefined);
    const verified = await sandbox.call('callsOf', 'AssumeRole');
    console.error(`  ${completed} writes and ${verified} AssumeRole calls during a backup`);
    return [
      {
        name: `longest pause of the event loop, ${connections.toLocaleString('en')} connections in ${organizations.toLocaleString('en')} organizations, under writes, re-verification and backup, baseline ${goalMs} ms`,
        unit: 'ms',
        ours: pauseMs,
        baseline: goalMs,
        goal: { atMost: 1 },
      },
    ];
  } finally {
    for (const child of [sandbox, filling, service, load]) child.stop();
  }
}
