/**
 * The metrics for Prometheus. The values of labels come from fixed lists (routes, codes, operations) and are never ids, so
 * that the number of series does not grow with customers.
 */
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import { openRoleCodes, securityCodes } from '../domain/webhook-message.js';

export type Metrics = ReturnType<typeof createMetrics>;

const seconds = [0.0005, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

export function createMetrics() {
  const registry = new Registry();
  const refreshes: (() => Promise<void>)[] = [];
  /** Collects values when the metrics are read, at most once in `keptMs`. */
  function onRead(refresh: () => Promise<void>, keptMs = 0): void {
    let last: { readonly atMs: number; readonly done: Promise<void> } | undefined;
    refreshes.push(() => {
      if (last === undefined || performance.now() - last.atMs > keptMs)
        last = { atMs: performance.now(), done: refresh() };
      return last.done;
    });
  }
  const counter = <Label extends string>(name: string, help: string, ...labelNames: Label[]) =>
    new Counter({ name, help, labelNames, registers: [registry] });
  const gauge = <Label extends string>(name: string, help: string, ...labelNames: Label[]) =>
    new Gauge({ name, help, labelNames, registers: [registry] });
  const histogram = <Label extends string>(
    name: string,
    help: string,
    buckets: number[],
    ...labelNames: Label[]
  ) => new Histogram({ name, help, buckets, labelNames, registers: [registry] });
  const securityEvents = counter('rolebridge_security_events_total', 'Security events, by code.', 'code');
  const verifications = counter(
    'rolebridge_verifications_total',
    'Verifications by outcome, and by the code of those that did not succeed.',
    'outcome',
    'code',
  );
  const webhookDeliveries = counter(
    'rolebridge_webhook_deliveries_total',
    "Attempts to deliver a webhook to the vendor's endpoints: delivered, to be retried, dropped (given_up), gone (410).",
    'outcome',
  );
  // Initialized to 0, because Prometheus sees no increase in a series that starts with its first event.
  for (const code of securityCodes) securityEvents.inc({ code }, 0);
  for (const code of [...openRoleCodes, 'vendor_not_allowed'])
    verifications.inc({ outcome: 'refused', code }, 0);
  for (const outcome of ['given_up', 'gone']) webhookDeliveries.inc({ outcome }, 0);
  return {
    registry,
    securityEvents,
    /** Registers values that are collected when the metrics are read. */
    onRead,
    /** The metrics in Prometheus's format. A value that can't be collected keeps its last one. */
    async read(): Promise<string> {
      await Promise.all(refreshes.map((refresh) => refresh().catch(() => {})));
      return registry.metrics();
    },
    httpDuration: histogram(
      'rolebridge_http_request_duration_seconds',
      'Requests by route, method and status, with how long they took.',
      seconds,
      'route',
      'method',
      'status',
    ),
    rateLimited: counter(
      'rolebridge_rate_limited_total',
      'Requests that were answered 429, by the limit.',
      'limit',
    ),
    quotaExceeded: counter(
      'rolebridge_quota_exceeded_total',
      'Requests that were refused because an organization has as many as it may, by the quota.',
      'quota',
    ),
    verifications,
    credentials: counter(
      'rolebridge_credentials_total',
      'Requests for credentials: cached ones, newly opened ones, and refusals with their code.',
      'source',
      'outcome',
      'code',
    ),
    stsDuration: histogram(
      'rolebridge_sts_duration_seconds',
      'Calls of STS by call and outcome, with how long AWS took.',
      [0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
      'call',
      'outcome',
    ),
    degraded: gauge(
      'rolebridge_degraded',
      '1 while AWS denies the roles of several organizations at once and verdicts are on hold.',
    ),
    canaryMisconfigured: gauge(
      'rolebridge_canary_misconfigured',
      '1 while the canary role is denied although the roles of customers open, or opens without its external ID.',
    ),
    stsInFlight: gauge('rolebridge_sts_in_flight', 'Calls of STS that AWS has not answered yet.'),
    stsWaiting: gauge(
      'rolebridge_sts_waiting',
      "Calls of STS that wait for their organization's share of the limit.",
    ),
    storeDuration: histogram(
      'rolebridge_store_duration_seconds',
      'Operations of the store, with how long they took.',
      seconds,
      'operation',
    ),
    storeErrors: counter(
      'rolebridge_store_errors_total',
      'Operations of the store that failed because it was not available.',
      'operation',
    ),
    auditDeleted: counter(
      'rolebridge_audit_records_deleted_total',
      'Audit records that were deleted because they were older than ROLEBRIDGE_AUDIT_RETENTION_DAYS.',
    ),
    auditRecords: counter('rolebridge_audit_records_total', 'Audit records that this process wrote.'),
    diskFree: gauge('rolebridge_disk_free_bytes', 'Free bytes on the disk of the data directory.'),
    diskSize: gauge('rolebridge_disk_size_bytes', 'Size of the disk of the data directory.'),
    dataSize: gauge(
      'rolebridge_data_bytes',
      'Size of the files in the data directory: the audit log, and all other records.',
      'part',
    ),
    oldestCheck: gauge(
      'rolebridge_oldest_check_age_seconds',
      'Age of the oldest last verification among connected and failed connections.',
    ),
    webhookDeliveries,
    storePosition: gauge(
      'rolebridge_store_position',
      'How far the data directory has come: epoch, changes, audit lines. Lower than before: an older directory.',
      'of',
    ),
    connections: gauge(
      'rolebridge_connections',
      'Connections by status; deleted ones are not counted.',
      'status',
    ),
    connectionsByAssurance: gauge(
      'rolebridge_connections_by_assurance',
      'Connected roles by assurance: proven (the trust policy was read) or tested (by probes only).',
      'assurance',
    ),
    connectionsByPermissionSet: gauge(
      'rolebridge_connections_by_permission_set',
      'Connections by permission set and version (`deploy@3`).',
      'permission_set',
    ),
    connectionsByPermissions: gauge(
      'rolebridge_connections_by_permissions',
      "Connected roles by what IAM's simulator says of their permission set: complete, incomplete, not_checked.",
      'permissions',
    ),
  };
}

/** Adds CPU, memory, event loop and garbage collection of this process. Call it once in a process. */
export const measureProcess = ({ registry }: Metrics): void => collectDefaultMetrics({ register: registry });
