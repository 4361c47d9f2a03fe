import { monitorEventLoopDelay } from 'node:perf_hooks';
import { createOrganization } from '../../service/actions/create-organization.js';
import { parseRoleArn } from '../../service/domain/role-arn.js';
import {
  commandLine,
  createEncryption,
  createLogger,
  createService,
  createSts,
  openFileStore,
  systemClock,
} from '../../service/index.js';
import { intent } from '../contract/intent.js';
import { connectedConnection, scopesOf } from './connections.js';
import { serve } from './processes.js';
import type { PreparedRole } from './sandbox-process.js';
import type { StsWanted } from './service-process.js';

const hourMs = 3_600_000;
// A sample a millisecond: a pause is the delay of a sample.
const delay = monitorEventLoopDelay({ resolution: 1 });

const handlers = { fill, start, longestPauseMs };
export type PauseHandlers = typeof handlers;
serve(handlers);

/** Organizations of connected connections, whose checks are spread over the next hour. */
async function fill(wanted: {
  readonly directory: string;
  readonly serviceKey: string;
  readonly organizations: number;
  readonly roles: readonly PreparedRole[];
}) {
  const store = await openFileStore({ directory: wanted.directory, keys: [keyOf(wanted)] });
  const each = wanted.roles.length / wanted.organizations;
  const filled: { apiKey: string; connectionId: string }[] = [];
  for (let number = 0; number < wanted.organizations; number++) {
    const { organization, apiKey } = await createOrganization({ store, clock: systemClock }, commandLine(), {
      name: `organization ${number}`,
    });
    const connections = scopesOf(each).map((scope, place) => {
      const role = wanted.roles[number * each + place] as PreparedRole;
      const { arn, accountId } = parseRoleArn(role.arn);
      const made = connectedConnection(organization.id, number * each + place, scope);
      return { ...made, externalId: role.externalId, roleArn: arn, accountId };
    });
    await Promise.all(
      connections.map((next) => {
        const dueAt = new Date(Date.now() + Math.random() * hourMs).toISOString();
        const job = { connectionId: next.id, organizationId: organization.id, dueAt, attempts: 0 };
        return store.commit({
          connection: { next, ifVersion: null, intent },
          jobs: [{ ...job, purpose: 'verify' }],
        });
      }),
    );
    filled.push({ apiKey, connectionId: connections[0]?.id ?? '' });
  }
  await store.close();
  return filled;
}

/** The service with its jobs, as `rolebridge serve` runs it. */
async function start(wanted: {
  readonly directory: string;
  readonly serviceKey: string;
  readonly sts: StsWanted;
  readonly principal: string;
}) {
  const store = await openFileStore({ directory: wanted.directory, keys: [keyOf(wanted)] });
  const { url } = await createService({
    // The measured service binds no accounts.
    requireAccount: false,
    store,
    encryption: createEncryption([keyOf(wanted)]),
    sts: createSts({
      partitions: {
        aws: { region: 'us-east-1', endpoint: wanted.sts.endpoint, credentials: async () => wanted.sts.key },
      },
    }),
    logger: createLogger('info', { write: () => {} }),
    principals: new Map([['aws', wanted.principal]]),
    rateLimits: { key: 1e9, callbacks: 1e9, connection: 1e9, verifications: 1e9, address: 1e9 },
  });
  return url;
}

const keyOf = ({ serviceKey }: { serviceKey: string }) => ({
  id: 'k1',
  key: Buffer.from(serviceKey, 'base64'),
});

/** Since the last call. */
async function longestPauseMs() {
  delay.disable();
  const longest = delay.max / 1e6;
  delay.reset();
  delay.enable();
  return longest;
}
