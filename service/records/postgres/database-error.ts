import { RolebridgeError } from '../../domain/errors.js';
import { codeOf, textIn } from '../../unknown-value.js';

/** SQLSTATE (PostgreSQL manual, appendix A) of those that a statement can answer in the ordinary course of things. */
export const sqlState = {
  uniqueViolation: '23505',
  foreignKeyViolation: '23503',
  serializationFailure: '40001',
  deadlockDetected: '40P01',
  duplicateTable: '42P07',
  duplicateObject: '42710',
  undefinedTable: '42P01',
} as const;

/** The message of PostgreSQL or its connection; its `detail` and `where` quote stored values and are left out. */
export class DatabaseError extends Error {
  /** A SQLSTATE, or a code of Node's such as `ECONNREFUSED`; undefined when the driver gave none. */
  readonly code: string | undefined;
  readonly constraint: string | undefined;

  constructor(cause: unknown) {
    const code = codeOf(cause);
    const constraint = textIn(cause, 'constraint');
    const message = textIn(cause, 'message');
    super(code === undefined ? String(message) : `${code}: ${message}`);
    this.name = 'DatabaseError';
    this.code = code;
    this.constraint = constraint;
  }
}

const isSqlState = (code: string): boolean => /^[0-9A-Z]{5}$/.test(code);

/** The same may work when it is tried again at once: another transaction was in the way. */
export const isConflict = ({ code }: DatabaseError): boolean =>
  code === sqlState.serializationFailure || code === sqlState.deadlockDetected;

/**
 * False when the server answered and the session can be used again. FATAL errors (57P01 and its like) and all that has no
 * SQLSTATE, such as a time-out of the driver's, leave a useless session. One that takes no writes (25006)
 * leads to a server that was demoted.
 */
export const endsSession = ({ code }: DatabaseError): boolean =>
  code === undefined || !isSqlState(code) || code === '25006' || /^(08|57P|28|3D)/.test(code);

/** The server was asked and said nothing, in the driver's words; a wait for a session while all are in use is another thing. */
export const isSilence = ({ code, message }: DatabaseError): boolean =>
  code === undefined && /^(Query read timeout|Connection terminated due to connection timeout)/.test(message);

/**
 * True when the database is unavailable. Other errors are bugs of this program: bad data (22), broken rules
 * (23), transactions in the wrong state (25, but for a read-only server), bad SQL (42).
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
