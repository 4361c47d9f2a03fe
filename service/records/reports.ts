import { z } from 'zod';
import { type Connection, verificationOf } from '../domain/connection.js';
import type { DeepReadonly } from '../domain/deep-readonly.js';
import { connectionId, organizationId } from '../domain/ids.js';
import { check, diagnosis, isoTime, probe } from '../domain/verification.js';

/**
 * The details of a connection's last verification: most of a connection's data, and read only where
 * connections are shown. The row of the connection keeps the verdict.
 */
export const reportSchema = z.strictObject({
  connectionId,
  organizationId,
  /** The start of the verification, which identifies it. */
  startedAt: isoTime,
  checks: z.array(check),
  probes: z.array(probe),
  sessionArn: z.string().optional(),
  diagnosis: diagnosis.optional(),
});
type Report = DeepReadonly<z.infer<typeof reportSchema>>;
type Details = Omit<Report, 'connectionId' | 'organizationId' | 'startedAt'>;

/** Undefined when the connection has no report or was read without it: then the stored one stays. */
export function reportOf(connection: Connection): Report | undefined {
  const { id: connectionId, organizationId } = connection;
  const verification = verificationOf(connection);
  if (verification === undefined || verification.checks.length === 0) return undefined;
  const { startedAt, checks, probes } = verification;
  return {
    connectionId,
    organizationId,
    startedAt,
    checks,
    probes,
    ...('sessionArn' in verification && { sessionArn: verification.sessionArn }),
    ...('diagnosis' in verification && { diagnosis: verification.diagnosis }),
  };
}

export const hasVerification = (connection: Connection): boolean => verificationOf(connection) !== undefined;

export const withoutReport = (connection: Connection): Connection =>
  reportOf(connection)
    ? withDetails(connection, { checks: [], probes: [], sessionArn: undefined, diagnosis: undefined })
    : connection;

/** Adds a report of the same verification. */
export function withReport(connection: Connection, report: Report | undefined): Connection {
  if (report === undefined || report.startedAt !== verificationOf(connection)?.startedAt) return connection;
  const { connectionId: _, organizationId: __, startedAt: ___, ...details } = report;
  return withDetails(connection, details);
}

const withDetails = <Each extends Connection>(connection: Each, details: Details): Each =>
  'verification' in connection
    ? { ...connection, verification: { ...connection.verification, ...details } }
    : connection;
