import type { AuditIntent } from './audit.js';
import type { ConnectedConnection } from './connection.js';
import type { SessionCredentials } from './ports.js';
import type { Partition } from './role-arn.js';
import type { Scope } from './scope.js';

export interface SessionTag {
  readonly key: string;
  readonly value: string;
}

/** Parameters of a session besides its connection. */
export interface SessionRequest {
  readonly target: Scope;
  /** @default 3,600, the least that any role's maximum can be */
  readonly durationSeconds?: number | undefined;
  /** Embedded in the role session name, after the organization's id. */
  readonly sessionName?: string | undefined;
  /** JSON text. */
  readonly sessionPolicy?: string | undefined;
  readonly tags?: readonly SessionTag[] | undefined;
}

/** Where the customer's CloudTrail shows the caller: as the source identity if the role allows it, else in the session name. */
export type Attribution = 'source_identity' | 'session_name';

export interface Session {
  readonly credentials: SessionCredentials;
  readonly attribution: Attribution;
}

/** Sessions of the customers' roles, cached until shortly before they expire. */
export interface Sessions {
  /** A cached session that does not expire soon. */
  cached(connection: ConnectedConnection, request: SessionRequest): Session | undefined;
  /**
   * A cached session, or a new one; concurrent equal requests share one call.
   * @throws RolebridgeError `role_not_assumable`, `account_mismatch`, `duration_too_long`, `session_tags_denied`,
   *   `session_policy_invalid`, or one that says "not decided" (`retryAfterSeconds`)
   */
  open(
    connection: ConnectedConnection,
    request: SessionRequest,
    intent: AuditIntent,
    requestId?: string,
  ): Promise<Session>;
  /** Whether the service runs as a role's session; undefined while AWS gives no answer. */
  isRoleChaining(partition: Partition): Promise<boolean | undefined>;
}
