import { RolebridgeError } from '../../domain/errors.js';
import { codeOf, textIn } from '../../unknown-value.js';

/** SQLSTATE of errors that are handled. https://www.postgresql.org/docs/current/errcodes-appendix.html */
export const sqlState = {
  uniqueViolation: '23505',
  serializationFailure: '40001',
  deadlockDetected: '40P01',
  duplicateTable: '42P07',
  duplicateObject: '42710',
  undefinedTable: '42P01',
} as const;

/** An error of PostgreSQL or its connection, without `detail` and `where`, which quote stored values. */
export class DatabaseError extends Error {
  /** A SQLSTATE, or a Node.js code such as `ECONNREFUSED`; undefined when the driver gave none. */
  readonly code: string | undefined;

  constructor(cause: unknown) {
    const code = codeOf(cause);
    const message = textIn(cause, 'message');
    super(code === undefined ? String(message) : `${code}: ${message}`);
    this.name = 'DatabaseError';
    this.code = code;
  }
}

const isSqlState = (code: string): boolean => /^[0-9A-Z]{5}$/.test(code);

/** Another transaction was in the way: retry at once. */
export const isConflict = ({ code }: DatabaseError): boolean =>
  code === sqlState.serializationFailure || code === sqlState.deadlockDetected;

/**
 * Whether the session can't be used again: after a FATAL error (57P01 and similar), an error without a SQLSTATE such as a
 * timeout of the driver, or a refused write (25006), which means that the server was demoted.
 */
export const endsSession = ({ code }: DatabaseError): boolean =>
  code === undefined || !isSqlState(code) || code === '25006' || /^(08|57P|28|3D)/.test(code);

/** The server did not respond, by the driver's message. A wait for a free session is another timeout. */
export const isTimeout = ({ code, message }: DatabaseError): boolean =>
  code === undefined && /^(Query read timeout|Connection terminated due to connection timeout)/.test(message);

/**
 * Whether the database is unavailable. Other errors are bugs: invalid data (22), broken constraints (23), an invalid
 * transaction state (25, except for a read-only server), invalid SQL (42).
 */
const isUnavailable = ({ code }: DatabaseError): boolean =>
  code === undefined || !isSqlState(code) || code === '25006' || !/^(22|23|25|42)/.test(code);

/** The error for a caller of the store. */
export function storeError(error: DatabaseError): Error {
  if (!isUnavailable(error)) return error;
  return new RolebridgeError('store_unavailable', 'The database is not available.', {
    remedy: 'Retry. An interrupted change was stored whole or not at all.',
    retryAfterSeconds: 2,
    cause: error,
  });
}
