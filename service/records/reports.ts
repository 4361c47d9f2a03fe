import { z } from 'zod';
import type { Connection } from '../domain/connection.js';
import type { ConnectionId, OrganizationId } from '../domain/ids.js';
import { check, isoTime, probe, type Verification } from '../domain/verification.js';

/**
 * The checks and probes of a connection's last verification: most of a connection's data, and read only where
 * one connection is shown. The row of the connection keeps the verdict.
 */
export interface StoredReport {
  readonly connectionId: ConnectionId;
  readonly organizationId: OrganizationId;
  /** Of the verification. */
  readonly startedAt: string;
  readonly checks: Verification['checks'];
  readonly probes: Verification['probes'];
}

export const storedReport = z.looseObject({
  connectionId: z.string().min(1),
  organizationId: z.string().min(1),
  startedAt: isoTime,
  checks: z.array(check),
  probes: z.array(probe),
});

/** Undefined when there is none, or it is not at hand: then the stored one stays. */
export function reportOf(connection: Connection): StoredReport | undefined {
  const { id: connectionId, organizationId } = connection;
  const verification = verificationOf(connection);
  if (verification === undefined || verification.checks.length === 0) return undefined;
  const { startedAt, checks, probes } = verification;
  return { connectionId, organizationId, startedAt, checks, probes };
}

export const hasVerification = (connection: Connection): boolean => verificationOf(connection) !== undefined;

export const withoutReport = (connection: Connection): Connection =>
  withReport(connection, { checks: [], probes: [] });

/** With its report, when that is of the same verification. */
export const joined = (connection: Connection, report: StoredReport | undefined): Connection =>
  report?.startedAt === verificationOf(connection)?.startedAt && report
    ? withReport(connection, report)
    : connection;

const verificationOf = (connection: Connection): Verification | undefined =>
  'verification' in connection ? connection.verification : undefined;

function withReport<Each extends Connection>(
  connection: Each,
  { checks, probes }: Pick<StoredReport, 'checks' | 'probes'>,
): Each {
  if (!('verification' in connection)) return connection;
  return { ...connection, verification: { ...connection.verification, checks, probes } };
}
