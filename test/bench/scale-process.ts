import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { newOrganizationId, type OrganizationId } from '../../service/domain/ids.js';
import type { Store } from '../../service/domain/ports.js';
import { openFileStore } from '../../service/index.js';
import { aJob, anAuditRecord, intent } from '../contract/records.js';
import { connectedConnection, scopesOf } from './connections.js';
import { measureMemory } from './memory.js';
import { serve } from './processes.js';

const handlers = { fill, open };
export type ScaleHandlers = typeof handlers;
serve(handlers);

/** Organizations of connections in use: connected, with jobs and audit records. */
async function fill(wanted: { directory: string; organizations: number; connectionsEach: number }) {
  const store = await openFileStore({ directory: wanted.directory });
  for (let number = 0; number < wanted.organizations; number++) {
    const id = newOrganizationId();
    await store.createOrganization({
      id,
      name: `organization ${number}`,
      createdAt: new Date().toISOString(),
    });
    await fillOrganization(store, id, number * wanted.connectionsEach, wanted.connectionsEach);
  }
  await store.close();
}

async function fillOrganization(store: Store, id: OrganizationId, first: number, count: number) {
  await Promise.all(
    scopesOf(count).map(async (scope, number) => {
      const next = connectedConnection(id, first + number, scope);
      const about = { connectionId: next.id, action: 'connection.verify', actor: { kind: 'callback' } };
      await store.appendAudit([anAuditRecord(id, about)]);
      await store.commit({ connection: { next, ifVersion: null, intent }, jobs: [aJob(next)] });
      await store.appendAudit([anAuditRecord(id, { ...about, phase: 'outcome', outcome: 'succeeded' })]);
    }),
  );
}

/** The cost of a start: time, and memory above that of the same process before. */
async function open({ directory }: { directory: string }) {
  const parsing = performance.now();
  const organizations = join(directory, 'organizations');
  for (const name of readdirSync(organizations))
    if (name.endsWith('.json')) JSON.parse(readFileSync(join(organizations, name), 'utf8'));
  const parseMs = performance.now() - parsing;
  const empty = measureMemory();
  const startedAt = performance.now();
  const cpuBefore = process.cpuUsage();
  const store = await openFileStore({ directory });
  const startMs = performance.now() - startedAt;
  const cpu = process.cpuUsage(cpuBefore);
  const full = measureMemory();
  await store.ready();
  return {
    parseMs,
    startMs,
    startCpuMs: (cpu.user + cpu.system) / 1000,
    heldBytes: full.heldBytes - empty.heldBytes,
    residentBytes: full.residentBytes - empty.residentBytes,
  };
}
