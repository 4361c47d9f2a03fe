import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { newConnectionId, newOrganizationId, type OrganizationId } from '../../service/domain/ids.js';
import { openFileStore } from '../../service/index.js';
import { anAuditRecord } from '../contract/records.js';
import { serve } from './processes.js';

const handlers = { fill, open };
export type AuditHandlers = typeof handlers;
serve(handlers);

/** Audit records of a few connections, as many in a write as come when the service is busy. */
async function fill({ directory, records }: { directory: string; records: number }): Promise<OrganizationId> {
  const store = await openFileStore({ directory });
  const id = newOrganizationId();
  const connectionIds = Array.from({ length: 20 }, newConnectionId);
  await store.createOrganization({ id, name: 'busy', createdAt: new Date().toISOString() });
  const about = { action: 'credentials.issue', phase: 'outcome', outcome: 'succeeded' };
  for (let left = records; left > 0; left -= 20)
    await store.appendAudit(
      connectionIds.map((connectionId) =>
        anAuditRecord(id, { ...about, connectionId, target: { project: 'shop', environment: 'production' } }),
      ),
    );
  await store.close();
  return id;
}

/** The cost of a start: time, and memory above that of the same process before; then a page, and a search through all of it, twice. */
async function open({ directory, id }: { directory: string; id: OrganizationId }) {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const held = () => {
    for (let turn = 0; turn < 3; turn++) collect();
    const { heapUsed, external } = process.memoryUsage();
    return heapUsed + external;
  };
  const empty = held();
  const startedAt = performance.now();
  const store = await openFileStore({ directory });
  const startMs = performance.now() - startedAt;
  const heldBytes = held() - empty;
  const page = async (connectionId?: ReturnType<typeof newConnectionId>) => {
    const askedAt = performance.now();
    await store.auditRecords(id, { limit: 100, connectionId });
    return performance.now() - askedAt;
  };
  const newestMs = await page();
  // An unknown connection: the whole log is searched.
  const searchMs = await page(newConnectionId());
  const searchAgainMs = await page(newConnectionId());
  const heldAfterSearchBytes = held() - empty;
  await store.close();
  return { startMs, heldBytes, newestMs, searchMs, searchAgainMs, heldAfterSearchBytes };
}
