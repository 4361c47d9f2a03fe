import { callbackMessage, provisioned } from '../callback-message.js';
import type { LoadHandlers } from './load-process.js';
import { interleaved, type Measurement } from './measure.js';
import { startChild } from './processes.js';
import type { SandboxHandlers } from './sandbox-process.js';
import type { ServiceHandlers } from './service-process.js';
import type { StsHandlers } from './sts-process.js';

const rounds = 5;
const organizations = 50;
const warmUp = 128;

/**
 * From the signed callback to "connected", against the AWS calls that it takes. The sandbox answers in about a
 * millisecond, so that everything the service adds shows; AWS takes some tens, as in the lines with a delay.
 */
export async function measureCallback(directory: string): Promise<Measurement[]> {
  return [
    ...(await measure(`${directory}/near`, 0, { 1: 40, 32: 192 })),
    ...(await measure(`${directory}/far`, 30, { 1: 12, 32: 192 })),
    ...(await measure(`${directory}/many`, 0, { 1: 40, 32: 192 }, 100_000)),
  ];
}

/** Without a goal: 32 at once beside it, where both wait for the same two cores, and the large store. */
const goalOf = (delayMs: number, atOnce: number, connections: number) =>
  delayMs > 0 ? { atMost: 1.1 } : atOnce === 1 && connections === 0 ? { atMost: 1.6 } : undefined;

async function measure(directory: string, delayMs: number, counts: Record<1 | 32, number>, connections = 0) {
  const sandboxProcess = startChild<SandboxHandlers>(new URL('./sandbox-process.ts', import.meta.url));
  const serviceProcess = startChild<ServiceHandlers>(new URL('./service-process.ts', import.meta.url));
  const stsProcess = startChild<StsHandlers>(new URL('./sts-process.ts', import.meta.url));
  const loadProcess = startChild<LoadHandlers>(new URL('./load-process.ts', import.meta.url));
  try {
    const { roles, principal, ...sandbox } = await sandboxProcess.call('start', {
      roles: warmUp + rounds * (counts[1] + counts[32]),
      delayMs,
    });
    const sts = { endpoint: sandbox.url, key: sandbox.key };
    const service = await serviceProcess.call('start', {
      directory,
      organizations,
      connectionsEach: connections / organizations,
      pending: roles,
      sts,
      principal,
    });
    let next = 0;
    const callBack = async (atOnce: number, count: number) => {
      const requests = service.pending.slice(next, next + count).map((connection) => {
        const event = provisioned(connection.id, connection.roleArn, undefined, connection.roleId);
        const { headers, body } = callbackMessage(connection.callbackSecret, event);
        const lines = Object.entries({ host: 'bench', ...headers, 'content-length': String(body.length) });
        return `POST /v1/callbacks HTTP/1.1\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n${body}`;
      });
      next += count;
      const { elapsedMs, completed } = await loadProcess.call('load', {
        url: service.url,
        requests,
        atOnce,
        count,
      });
      return elapsedMs / completed;
    };
    const bareCalls = async (atOnce: number, count: number) => {
      const { elapsedMs, completed } = await stsProcess.call('verify', {
        ...sts,
        roles: roles.slice(0, count),
        atOnce,
      });
      return elapsedMs / completed;
    };

    await callBack(1, 8);
    await callBack(32, warmUp - 8);
    await bareCalls(32, warmUp);
    const measurements: Measurement[] = [];
    for (const atOnce of [1, 32] as const) {
      const goal = goalOf(delayMs, atOnce, connections);
      measurements.push({
        name: `callback to connected, ${atOnce} at once${delayMs ? `, STS ${delayMs} ms away` : ''}${connections ? `, among ${connections.toLocaleString('en')} connections` : ''}`,
        unit: 'ms each',
        ...(await interleaved(rounds, {
          ours: () => callBack(atOnce, counts[atOnce]),
          baseline: () => bareCalls(atOnce, counts[atOnce]),
        })),
        ...(goal && { goal }),
      });
    }
    return measurements;
  } finally {
    for (const child of [sandboxProcess, serviceProcess, stsProcess, loadProcess]) child.stop();
  }
}
