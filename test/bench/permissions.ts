import { permissionSetSchema, permissionSetsOf } from '../../service/domain/permission-set.js';
import type { Sts } from '../../service/domain/ports.js';
import { hour, until } from '../passing-clock.js';
import { startVendor } from '../vendor.js';
import { startWatchedVendor } from '../watched-vendor.js';
import { type Measurement, median } from './measure.js';

const awayMs = 30;
const rounds = 9;
const actions = Array.from({ length: 200 }, (_, index) => `ec2:DescribeThing${index}`);
const set = permissionSetSchema.parse({
  name: 'deploy',
  version: 1,
  title: 'Deploy',
  statements: [{ sid: 'Many', reason: 'Reads.', actions, resources: ['*'] }],
});
const inlinePolicies = {
  all: { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: '*', Resource: '*' }] },
};

/** A connect with a large permission set against the time of its calls; and the hourly calls of a healthy connection. */
export async function measurePermissions(): Promise<Measurement[]> {
  const { totalMs, callsMs } = await connect();
  return [
    {
      name: 'permissions: connect with 200 actions, AWS 30 ms away, baseline its calls',
      unit: 'ms',
      ours: totalMs,
      baseline: callsMs,
      goal: { atMost: 1.2 },
    },
    {
      name: 'permissions: calls of an hourly check of a proven connection, baseline 3',
      unit: 'calls',
      ours: await hourlyCalls(),
      baseline: 3,
      goal: { atMost: 1 },
    },
  ];
}

async function connect() {
  const spans: [number, number][] = [];
  const timed =
    <Given extends readonly unknown[], Answer>(call: (...given: Given) => Promise<Answer>) =>
    async (...given: Given): Promise<Answer> => {
      const start = performance.now();
      try {
        return await call(...given);
      } finally {
        spans.push([start, performance.now()]);
      }
    };
  const aroundSts = (sts: Sts): Sts => ({
    ...sts,
    assumeRole: timed(sts.assumeRole),
    readRole: timed(sts.readRole),
    simulate: timed(sts.simulate),
    callerIdentity: timed(sts.callerIdentity),
  });
  const vendor = await startVendor({
    permissionSets: permissionSetsOf([set]),
    aroundSts,
    logLevel: 'silent',
  });
  try {
    vendor.sandbox.faults.set({ kind: 'delay', delayMs: awayMs });
    const measured: { totalMs: number; callsMs: number }[] = [];
    for (let round = 0; round < rounds; round++) {
      const { body: connection } = await vendor.call('POST', '/v1/connections', {
        name: 'bench',
        permissionSet: 'deploy',
      });
      const { accountId } = vendor.sandbox.createAccount();
      const { arn } = vendor.sandbox.createRole(accountId, {
        roleName: 'bench',
        trustPolicy: connection.trustPolicy,
        inlinePolicies,
      });
      spans.length = 0;
      const start = performance.now();
      const { body } = await vendor.call('PUT', `/v1/connections/${connection.id}/role`, { roleArn: arn });
      const totalMs = performance.now() - start;
      if (body.permissions !== 'complete') throw new Error(`The role is ${body.permissions}.`);
      measured.push({ totalMs, callsMs: covered(spans) });
    }
    return {
      totalMs: median(measured.map(({ totalMs }) => totalMs)),
      callsMs: median(measured.map(({ callsMs }) => callsMs)),
    };
  } finally {
    await vendor.close();
  }
}

/** How long at least one call was on its way. */
function covered(spans: readonly (readonly [number, number])[]): number {
  let sum = 0;
  let until = 0;
  for (const [start, end] of spans.toSorted(([one], [other]) => one - other)) {
    sum += Math.max(0, end - Math.max(start, until));
    until = Math.max(until, end);
  }
  return sum;
}

async function hourlyCalls(): Promise<number> {
  const vendor = await startWatchedVendor({ permissionSets: permissionSetsOf([set]), logLevel: 'silent' });
  try {
    const { body: connection } = await vendor.call('POST', '/v1/connections', {
      name: 'bench',
      permissionSet: 'deploy',
    });
    const { accountId } = vendor.sandbox.createAccount();
    const { arn } = vendor.sandbox.createRole(accountId, {
      roleName: 'bench',
      trustPolicy: connection.trustPolicy,
      inlinePolicies,
    });
    const path = `/v1/connections/${connection.id}`;
    const { body } = await vendor.call('PUT', `${path}/role`, { roleArn: arn });
    const from = vendor.sandbox.requests.length;
    await until(async () => {
      // At most one check: the next one is due most of an hour after it.
      vendor.clock.pass(hour / 60);
      return (await vendor.call('GET', path)).body.verification.startedAt !== body.verification.startedAt;
    }, 'a check');
    const calls = vendor.sandbox.requests.slice(from).map(({ action }) => action);
    console.error(`  an hourly check: ${calls.join(', ')}`);
    return calls.length;
  } finally {
    await vendor.close();
  }
}
