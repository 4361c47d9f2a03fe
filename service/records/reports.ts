import { z } from 'zod';
import type { Connection } from '../domain/connection.js';
import type { ConnectionId, OrganizationId } from '../domain/ids.js';
import {
  check,
  diagnosis,
  type FailedVerification,
  isoTime,
  type PassedVerification,
  probe,
  type Verification,
} from '../domain/verification.js';

type Details = Pick<PassedVerification, 'checks' | 'probes' | 'sessionArn'> &
  Pick<FailedVerification, 'diagnosis'>;

/**
 * The details of a connection's last verification: most of a connection's data, and read only where
 * connections are shown. The row of the connection keeps the verdict.
 */
export interface StoredReport extends Details {
  readonly connectionId: ConnectionId;
  readonly organizationId: OrganizationId;
  /** Of the verification. */
  readonly startedAt: string;
}

export const storedReport = z.looseObject({
  connectionId: z.string().min(1),
  organizationId: z.string().min(1),
  startedAt: isoTime,
  checks: z.array(check),
  probes: z.array(probe),
  sessionArn: z.string().optional(),
  diagnosis: diagnosis.optional(),
});

/** Undefined when there is none, or it is not at hand: then the stored one stays. */
export function reportOf(connection: Connection): StoredReport | undefined {
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

/** With its report, when that is of the same verification. */
export function joined(connection: Connection, report: StoredReport | undefined): Connection {
  if (report === undefined || report.startedAt !== verificationOf(connection)?.startedAt) return connection;
  const { connectionId: _, organizationId: __, startedAt: ___, ...details } = report;
  return withDetails(connection, details);
}

const verificationOf = (connection: Connection): Verification | undefined =>
  'verification' in connection ? connection.verification : undefined;

const withDetails = <Each extends Connection>(connection: Each, details: Details): Each =>
  'verification' in connection
    ? { ...connection, verification: { ...connection.verification, ...details } }
    : connection;
