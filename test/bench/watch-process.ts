import { randomBytes } from 'node:crypto';
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { newOrganizationId, type OrganizationId } from '../../service/domain/ids.js';
import { parseRoleArn } from '../../service/domain/role-arn.js';
import {
  createEncryption,
  createLogger,
  createService,
  createSts,
  openFileStore,
} from '../../service/index.js';
import { intent } from '../contract/intent.js';
import { connectedConnection } from './connections.js';
import { serve } from './processes.js';
import type { PreparedRole } from './sandbox-process.js';
import type { StsWanted } from './service-process.js';

const handlers = { checkAll };
export type WatchHandlers = typeof handlers;
serve(handlers);

const organizations = 100;

/** Verifies the connections that are due, all at the same time, and returns the cost for this process. */
async function checkAll(wanted: {
  readonly directory: string;
  readonly roles: readonly PreparedRole[];
  readonly sts: StsWanted;
  readonly principal: string;
  readonly due: number;
  readonly callsPerSecond: number;
}) {
  const store = await openFileStore({ directory: wanted.directory });
  const ids: OrganizationId[] = [];
  for (let number = 0; number < organizations; number++) {
    const organization = { id: newOrganizationId(), name: 'bench', createdAt: new Date().toISOString() };
    await store.createOrganization(organization);
    ids.push(organization.id);
  }
  const now = new Date().toISOString();
  const later = new Date(Date.now() + 3_600_000).toISOString();
  await Promise.all(
    wanted.roles.map((role, number) => {
      const organizationId = ids[number % organizations] as OrganizationId;
      const { arn, accountId } = parseRoleArn(role.arn);
      const made = connectedConnection(organizationId, number, { project: `p${number}` });
      const next = { ...made, externalId: role.externalId, roleArn: arn, accountId };
      const dueAt = number < wanted.due ? now : later;
      return store.commit({
        connection: { next, ifVersion: null, intent },
        jobs: [{ connectionId: next.id, organizationId, purpose: 'verify', dueAt, attempts: 0 }],
      });
    }),
  );
  const before = { cpu: process.cpuUsage(), at: performance.now(), bytes: bytesIn(wanted.directory) };
  const service = await createService({
    // The measured service binds no accounts.
    requireAccount: false,
    store,
    encryption: createEncryption([{ id: 'k1', key: randomBytes(32) }]),
    sts: createSts({
      partitions: {
        aws: { region: 'us-east-1', endpoint: wanted.sts.endpoint, credentials: async () => wanted.sts.key },
      },
    }),
    logger: createLogger('info', { write: () => {} }),
    principals: new Map([['aws', wanted.principal]]),
    verifyStsCallsPerSecond: wanted.callsPerSecond,
  });
  // Running jobs are leased for minutes, completed ones are due in most of an hour.
  while (Date.parse((await store.nextJobAt()) ?? '') < Date.now() + 60_000) await sleep(50);
  const elapsedMs = performance.now() - before.at;
  const { user, system } = process.cpuUsage(before.cpu);
  const written = bytesIn(wanted.directory) - before.bytes;
  const rssMb = process.memoryUsage.rss() / 1e6;
  await service.close();
  return { elapsedMs, cpuMs: (user + system) / 1000, bytesEach: written / wanted.due, rssMb };
}

const bytesIn = (directory: string): number =>
  readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .reduce(
      (sum, entry) =>
        sum + (statSync(join(entry.parentPath, entry.name), { throwIfNoEntry: false })?.size ?? 0),
      0,
    );
