/**
 * The service's metrics, for Prometheus. Labels have only values from fixed lists (routes, codes,
 * operations), never an id: the number of series does not grow with customers.
 */
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';

import { openRoleCodes, securityCodes } from '../domain/webhook-message.js';

export type Metrics = ReturnType<typeof createMetrics>;

const seconds = [0.0005, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

export function createMetrics() {
  const registry = new Registry();
  const refreshes: (() => Promise<void>)[] = [];
  const registers = [registry];
  const securityEvents = new Counter({
    name: 'rolebridge_security_events_total',
    help: 'Roles of connected customers that were found to be open to others, by code.',
    labelNames: ['code'] as const,
    registers,
  });
  const verifications = new Counter({
    name: 'rolebridge_verifications_total',
    help: 'Verifications by outcome, and by the code of those that did not succeed.',
    labelNames: ['outcome', 'code'] as const,
    registers,
  });
  // There from the start: Prometheus sees no increase in a series that begins with its first event.
  for (const code of securityCodes) securityEvents.inc({ code }, 0);
  for (const code of [...openRoleCodes, 'vendor_not_allowed'])
    verifications.inc({ outcome: 'refused', code }, 0);
  return {
    registry,
    securityEvents,
    /** Values on demand are collected when the metrics are read. */
    onRead: (refresh: () => Promise<void>) => void refreshes.push(refresh),
    /** In Prometheus's format. A value that can't be collected keeps its last value. */
    async read(): Promise<string> {
      await Promise.all(refreshes.map((refresh) => refresh().catch(() => {})));
      return registry.metrics();
    },
    httpDuration: new Histogram({
      name: 'rolebridge_http_request_duration_seconds',
      help: 'Requests by route, method and status, with how long they took.',
      labelNames: ['route', 'method', 'status'] as const,
      buckets: seconds,
      registers,
    }),
    rateLimited: new Counter({
      name: 'rolebridge_rate_limited_total',
      help: 'Requests that were answered 429, by the limit.',
      labelNames: ['limit'] as const,
      registers,
    }),
    quotaExceeded: new Counter({
      name: 'rolebridge_quota_exceeded_total',
      help: 'Requests that were refused because an organization has as many as it may, by the quota.',
      labelNames: ['quota'] as const,
      registers,
    }),
    verifications,
    credentials: new Counter({
      name: 'rolebridge_credentials_total',
      help: 'Requests for credentials: cached ones, newly opened ones, and refusals with their code.',
      labelNames: ['source', 'outcome', 'code'] as const,
      registers,
    }),
    stsDuration: new Histogram({
      name: 'rolebridge_sts_duration_seconds',
      help: 'Calls of STS by call and outcome, with how long AWS took.',
      labelNames: ['call', 'outcome'] as const,
      buckets: [0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
      registers,
    }),
    degraded: new Gauge({
      name: 'rolebridge_degraded',
      help: '1 while AWS denies the roles of several organizations at once and verdicts are on hold.',
      registers,
    }),
    canaryMisconfigured: new Gauge({
      name: 'rolebridge_canary_misconfigured',
      help: '1 while the canary role is denied although the roles of customers open, or opens without its external ID.',
      registers,
    }),
    stsInFlight: new Gauge({
      name: 'rolebridge_sts_in_flight',
      help: 'Calls of STS that AWS has not answered yet.',
      registers,
    }),
    stsWaiting: new Gauge({
      name: 'rolebridge_sts_waiting',
      help: "Calls of STS that wait for their organization's share of the limit.",
      registers,
    }),
    storeDuration: new Histogram({
      name: 'rolebridge_store_duration_seconds',
      help: 'Operations of the store, with how long they took.',
      labelNames: ['operation'] as const,
      buckets: seconds,
      registers,
    }),
    storeErrors: new Counter({
      name: 'rolebridge_store_errors_total',
      help: 'Operations of the store that failed because it was not available.',
      labelNames: ['operation'] as const,
      registers,
    }),
    auditDeleted: new Counter({
      name: 'rolebridge_audit_records_deleted_total',
      help: 'Audit records that were deleted because they were older than ROLEBRIDGE_AUDIT_RETENTION_DAYS.',
      registers,
    }),
    auditRecords: new Counter({
      name: 'rolebridge_audit_records_total',
      help: 'Audit records that this process wrote.',
      registers,
    }),
    diskFree: new Gauge({
      name: 'rolebridge_disk_free_bytes',
      help: 'Free bytes on the disk of the data directory.',
      registers,
    }),
    diskSize: new Gauge({
      name: 'rolebridge_disk_size_bytes',
      help: 'Size of the disk of the data directory.',
      registers,
    }),
    dataSize: new Gauge({
      name: 'rolebridge_data_bytes',
      help: 'Size of the files in the data directory: the audit log, and all other records.',
      labelNames: ['part'] as const,
      registers,
    }),
    oldestCheck: new Gauge({
      name: 'rolebridge_oldest_check_age_seconds',
      help: 'Age of the oldest last verification among connected and failed connections.',
      registers,
    }),
    webhookDeliveries: new Counter({
      name: 'rolebridge_webhook_deliveries_total',
      help: "Attempts to deliver a webhook to the vendor's endpoints: delivered, to be retried, given up, gone (410).",
      labelNames: ['outcome'] as const,
      registers,
    }),
    storePosition: new Gauge({
      name: 'rolebridge_store_position',
      help: 'How far the data directory has come: epoch, changes, audit lines. Lower than before: an older directory.',
      labelNames: ['of'] as const,
      registers,
    }),
    connections: new Gauge({
      name: 'rolebridge_connections',
      help: 'Connections by status; deleted ones are not counted.',
      labelNames: ['status'] as const,
      registers,
    }),
    connectionsByAssurance: new Gauge({
      name: 'rolebridge_connections_by_assurance',
      help: 'Connected roles by assurance: proven (the trust policy was read) or tested (by probes only).',
      labelNames: ['assurance'] as const,
      registers,
    }),
    connectionsByPermissionSet: new Gauge({
      name: 'rolebridge_connections_by_permission_set',
      help: 'Connections by permission set and version (`deploy@3`).',
      labelNames: ['permission_set'] as const,
      registers,
    }),
    connectionsByPermissions: new Gauge({
      name: 'rolebridge_connections_by_permissions',
      help: "Connected roles by what IAM's simulator says of their permission set: complete, incomplete, not_checked.",
      labelNames: ['permissions'] as const,
      registers,
    }),
  };
}

/** CPU, memory, event loop and garbage collection of this process: once a process. */
export const measureProcess = ({ registry }: Metrics): void => collectDefaultMetrics({ register: registry });
