import type { AuditRecord } from '../domain/audit.js';
import { RolebridgeError } from '../domain/errors.js';
import type { Change, Store } from '../domain/ports.js';
import type { Metrics } from './metrics.js';

type Operation = (...values: unknown[]) => unknown;

/**
 * The same store, with each operation timed. Audit records are counted here too, so that a verification or
 * an issue of credentials can't be recorded and not counted.
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
    // Beside the caller's own wait and not in it: most operations are answered from memory.
    if (result instanceof Promise)
      result.then(
        () => duration.observe((performance.now() - startedAt) / 1000),
        (error: unknown) => {
          duration.observe((performance.now() - startedAt) / 1000);
          // A conflict is an answer of the store; this is not.
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
