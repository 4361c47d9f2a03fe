import type { AuditRecord } from '../domain/audit.js';
import { RolebridgeError } from '../domain/errors.js';
import type { Change, Store } from '../domain/ports.js';
import type { Metrics } from './metrics.js';

type Operation = (...values: unknown[]) => unknown;

/**
 * Measures each operation of a store. It also counts audit records, so that every recorded verification and issue of
 * credentials is counted.
 */
export function instrumentedStore(store: Store, metrics: Metrics): Store {
  const operations = new Map<PropertyKey, Operation>();
  const observed = new Proxy(store, {
    get(target, name) {
      const known = operations.get(name);
      if (known) return known;
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== 'function') return value;
      const operation = timed(String(name), value.bind(target), metrics);
      operations.set(name, operation);
      return operation;
    },
  });
  const countedOf = (name: 'appendAudit' | 'commit', recordsOf: (value: unknown) => readonly AuditRecord[]) =>
    operations.set(
      name,
      counted(
        timed(name, (...values) => Reflect.apply(store[name], store, values), metrics),
        recordsOf,
        metrics,
      ),
    );
  countedOf('appendAudit', (records) => records as readonly AuditRecord[]);
  countedOf('commit', (change) => (change as Change).audit ?? []);
  return observed;
}

function timed(operation: string, run: Operation, { storeDuration, storeErrors }: Metrics): Operation {
  const duration = storeDuration.labels({ operation });
  const errors = storeErrors.labels({ operation });
  return (...values) => {
    const startedAt = performance.now();
    const result = run(...values);
    // Measured beside the caller's promise, to add no delay to it.
    if (result instanceof Promise)
      result.then(
        () => duration.observe((performance.now() - startedAt) / 1000),
        (error: unknown) => {
          duration.observe((performance.now() - startedAt) / 1000);
          // A conflict is a result, not an error of the store.
          if (!(error instanceof RolebridgeError) || error.code === 'store_unavailable') errors.inc();
        },
      );
    return result;
  };
}

const counted =
  (write: Operation, recordsOf: (value: unknown) => readonly AuditRecord[], metrics: Metrics): Operation =>
  async (...values) => {
    const result = await write(...values);
    const records = recordsOf(values[0]);
    metrics.auditRecords.inc(records.length);
    for (const record of records) countOutcome(record, metrics);
    return result;
  };

function countOutcome(record: AuditRecord, { verifications, credentials }: Metrics): void {
  if (record.phase !== 'outcome') return;
  const { outcome, code = '' } = record;
  if (record.action === 'connection.verify') verifications.inc({ outcome, code });
  if (record.action === 'credentials.issue')
    credentials.inc({ source: record.intentId === undefined ? 'cached' : 'opened', outcome, code });
}
