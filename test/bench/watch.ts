import { mkdirSync } from 'node:fs';
import type { Measurement } from './measure.js';
import { startChild } from './processes.js';
import type { SandboxHandlers } from './sandbox-process.js';
import type { WatchHandlers } from './watch-process.js';

const connections = 10_000;
/** Of them are due; the others are there, as the store has them. */
const due = 2_000;
const hourSeconds = 3_600;

/**
 * 10,000 connections on one process with the file store, and as many checks as it can make: against the checks due in
 * an hour. In the service a budget of calls spreads them over it.
 */
export async function measureWatch(directory: string): Promise<Measurement[]> {
  mkdirSync(directory, { recursive: true });
  const sandboxProcess = startChild<SandboxHandlers>(new URL('./sandbox-process.ts', import.meta.url));
  const watchProcess = startChild<WatchHandlers>(new URL('./watch-process.ts', import.meta.url));
  try {
    const { roles, principal, url, key } = await sandboxProcess.call('start', {
      roles: connections,
      delayMs: 0,
    });
    const { elapsedMs, cpuMs, bytesEach, rssMb } = await watchProcess.call('checkAll', {
      directory,
      roles,
      sts: { endpoint: url, key },
      principal,
      due,
      callsPerSecond: 100_000,
    });
    const calls = await sandboxProcess.call('callsOf', 'AssumeRole');
    console.error(
      `  ${due} checks of ${connections} connections, ${calls} AssumeRole calls; ${Math.round(bytesEach)} bytes a check on the disk, ${Math.round(rssMb)} MB resident`,
    );
    return [
      {
        name: 'watch: connections checked in an hour, baseline what there are',
        unit: '1/h',
        ours: (due / elapsedMs) * hourSeconds * 1000,
        baseline: connections,
        goal: { atLeast: 1 },
      },
      {
        name: 'watch: CPU of 10,000 checks, baseline an hour of one core',
        unit: 's',
        ours: (cpuMs / 1000) * (connections / due),
        baseline: hourSeconds,
        goal: { atMost: 0.1 },
      },
    ];
  } finally {
    sandboxProcess.stop();
    watchProcess.stop();
  }
}
