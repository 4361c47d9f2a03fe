import { setImmediate } from 'node:timers/promises';
import type { AuditRecord } from '../domain/audit.js';
import { RolebridgeError } from '../domain/errors.js';
import type { OrganizationId } from '../domain/ids.js';
import type { Backend, Log, Transaction } from './backend.js';
import { Rows, readsOn, rowOf, rowValue, Staged } from './rows.js';
import type { TableName, Values } from './tables.js';

/** A backend that forgets: for unit tests, and the smallest example of one. */
export function createMemoryBackend(): Backend {
  const rows = new Rows();
  const audit = new Map<OrganizationId, AuditRecord[]>();
  const queues = new Map<OrganizationId, Promise<unknown>>();
  let isOpen = true;
  const assertOpen = () => {
    if (!isOpen) throw new RolebridgeError('store_unavailable', 'The store is closed.');
  };

  const log: Log = {
    async append(records) {
      await setImmediate();
      assertOpen();
      for (const record of records) {
        const list = audit.get(record.organizationId) ?? [];
        list.push(structuredClone(record));
        audit.set(record.organizationId, list);
      }
    },
    read: async (organizationId, page) => pageOfLog((audit.get(organizationId) ?? []).toReversed(), page),
    organizations: async () => [...audit.keys()],
    async trim(before) {
      let gone = 0;
      for (const [id, records] of audit) {
        const kept = records.filter((record) => record.id >= before);
        gone += records.length - kept.length;
        audit.set(id, kept);
      }
      return gone;
    },
  };

  return {
    ...readsOn(rows),
    log,
    transact(organizationId, work) {
      const run = async () => {
        assertOpen();
        const staged = new Staged(rows, organizationId);
        const records: AuditRecord[] = [];
        try {
          const result = await work(transactionOn(staged, (more) => records.push(...more)));
          await log.append(records);
          rows.apply(staged.changes.values());
          return result;
        } finally {
          rows.release(organizationId);
        }
      };
      const result = (queues.get(organizationId) ?? Promise.resolve()).then(run, run);
      queues.set(
        organizationId,
        result.catch(() => {}),
      );
      return result;
    },
    ready: async () => assertOpen(),
    close: async () => {
      isOpen = false;
    },
  };
}

const optionalValue = <Name extends TableName>(row: ReturnType<Rows['get']>): Values[Name] | undefined =>
  row && rowValue(row);

/** A transaction on rows in memory. */
export function transactionOn(
  staged: Staged,
  audit: (records: readonly AuditRecord[]) => void,
  around: { lasting?: () => void; forget?: () => void } = {},
): Transaction {
  return {
    get: async (table, key) => optionalValue(staged.get(table, key)),
    count: async (table, where) => staged.count(table, where),
    holder: async (constraint, value) => staged.holder(constraint, value)?.key,
    async put(table, value, { lasting = true } = {}) {
      const row = rowOf(table, value);
      staged.put(table, row.key, row);
      if (lasting) around.lasting?.();
    },
    async delete(table, key) {
      if (staged.get(table, key) === undefined) return;
      staged.put(table, key, undefined);
      around.lasting?.();
    },
    audit(records) {
      audit(records);
      around.lasting?.();
    },
    forgetVersionBefore: () => around.forget?.(),
  };
}

/** A page of records that are given from the newest on. */
export async function pageOfLog(
  newestFirst: Iterable<AuditRecord> | AsyncIterable<AuditRecord>,
  { limit, before, connectionId }: Parameters<Log['read']>[1],
): Promise<{ records: AuditRecord[]; hasMore: boolean }> {
  const records: AuditRecord[] = [];
  let isBefore = before === undefined;
  for await (const record of newestFirst) {
    if (!isBefore) isBefore = record.id === before;
    else if (connectionId === undefined || record.connectionId === connectionId) {
      if (records.length === limit) return { records, hasMore: true };
      records.push(record);
    }
  }
  if (isBefore) return { records, hasMore: false };
  throw new RolebridgeError('request_invalid', `There is no audit record ${JSON.stringify(before)}.`, {
    remedy: 'Begin again with the first page.',
  });
}
