import type { ErrorCode } from './errors.js';
import type { ApiKeyId, AuditId, Branded, ConnectionId, EnrollmentId, OrganizationId } from './ids.js';
import type { Scope } from './scope.js';

/** What the audit log records. */
export const auditActions = [
  'organization.create',
  'organization.change',
  'organization.suspend',
  'organization.resume',
  'organization.export',
  'organization.erase',
  'organization.reencrypt',
  'api_key.create',
  'api_key.revoke',
  'connection.create',
  'connection.verify',
  'connection.rename',
  'connection.label',
  'connection.expect_account',
  'connection.set_permission_set',
  'connection.release_account',
  'connection.check',
  'connection.set_scopes',
  'connection.rotate_access_key',
  'connection.move_to_role',
  'connection.rotate_external_id',
  'connection.rotate_callback_secret',
  'connection.deprovision',
  'connection.delete',
  'connection.expire',
  'connection.confirm_revocation',
  'connection.reencrypt',
  'credentials.issue',
  'project.declare',
  'project.delete',
  'enrollment.create',
  'enrollment.register',
  'enrollment.end',
  'enrollment.reencrypt',
  'setup_code.create',
  'setup_code.revoke',
  'operator_token.create',
  'operator_token.revoke',
  'operator_link.create',
  'webhook_endpoint.create',
  'webhook_endpoint.change',
  'webhook_endpoint.delete',
  'webhook_endpoint.rotate_secret',
  'webhook_endpoint.replay',
  'webhook_endpoint.test',
  'webhook_endpoint.reencrypt',
  'sign_in_link.create',
  'sign_in_link.revoke',
  'web_session.begin',
  'web_session.end',
] as const;
export type AuditAction = (typeof auditActions)[number];

/** Who did it. */
export type Actor =
  | { readonly kind: 'api_key'; readonly id: ApiKeyId }
  /** A person in the browser; the id is of the session, and is no secret. */
  | {
      readonly kind: 'web_session';
      readonly id: string;
      /** Who the sign-in link was made for, unverified; encrypted. */
      readonly person?: string | undefined;
    }
  /** The customer's stack, which proved itself with the connection's secret. */
  | { readonly kind: 'callback' }
  /** An account's stack, which proved itself with an enrollment's secret; the id is the enrollment's. */
  | { readonly kind: 'enrollment'; readonly id: EnrollmentId }
  /** The vendor's staff or backend; without an id it used the token of the setting. */
  | { readonly kind: 'operator'; readonly id?: string | undefined; readonly name?: string | undefined }
  | { readonly kind: 'command_line' }
  /** The service itself, such as when it watches over connections. */
  | { readonly kind: 'service' };

/** Who asks, and with which request. */
export interface Requester {
  readonly actor: Actor;
  readonly requestId: string;
}

/** Something that is about to be done or was done, as it is asked of the log. */
export interface AuditEvent {
  readonly action: AuditAction;
  readonly organizationId: OrganizationId;
  readonly connectionId?: ConnectionId | undefined;
  /** What credentials were asked for. */
  readonly target?: Scope | undefined;
  /** What else matters later; never a secret. */
  readonly details?: Readonly<Record<string, string | number | boolean>> | undefined;
}

/**
 * One record. What changes something or asks AWS is recorded twice: its intent before, its outcome after; an intent
 * without an outcome was cut off. What does neither has its outcome only.
 */
export type AuditRecord = AuditEvent &
  Requester & {
    readonly id: AuditId;
    readonly at: string;
  } & (
    | { readonly phase: 'intent' }
    | {
        readonly phase: 'outcome';
        readonly intentId?: AuditId | undefined;
        /** `inconclusive`: nothing was decided, the same may be tried again. `failed`: a fault of the service. */
        readonly outcome: 'succeeded' | 'refused' | 'inconclusive' | 'failed';
        readonly code?: ErrorCode | undefined;
      }
  );

/**
 * The proof that an intent is in the audit log: nothing changes a connection, opens a session or decrypts a key
 * without one, and only `actions/audited.ts` makes them.
 */
export type AuditIntent = AuditId & Branded<'AuditIntent'>;
