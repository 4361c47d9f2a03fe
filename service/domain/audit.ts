import { z } from 'zod';
import type { DeepReadonly } from './deep-readonly.js';
import {
  type AuditId,
  apiKeyId,
  auditId,
  type Branded,
  connectionId,
  enrollmentId,
  organizationId,
} from './ids.js';
import { scope } from './scope.js';
import { errorCode, isoTime } from './verification.js';

/** Actions in the audit log. */
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
  'connection.change',
  'connection.rename',
  'connection.label',
  'connection.expect_account',
  'connection.set_permission_set',
  'connection.release_account',
  'connection.check',
  'connection.set_scopes',
  'connection.rotate_access_key',
  'connection.migrate_to_role',
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

/** The actors of the audit log. */
export const actors = {
  api_key: z.strictObject({ kind: z.literal('api_key'), id: apiKeyId }),
  /** A person in the browser. */
  web_session: z.strictObject({
    kind: z.literal('web_session'),
    /** The id of the session; it is not a secret. */
    id: z.string(),
    /** The person of the sign-in link, unverified; encrypted. */
    person: z.string().optional(),
  }),
  /** The customer's stack, which proved itself with the connection's secret. */
  callback: z.strictObject({ kind: z.literal('callback') }),
  /** An account's stack, which proved itself with the secret of this enrollment. */
  enrollment: z.strictObject({ kind: z.literal('enrollment'), id: enrollmentId }),
  /** The vendor's staff or backend; without an id it used the token of the setting. */
  operator: z.strictObject({
    kind: z.literal('operator'),
    id: z.string().optional(),
    name: z.string().optional().meta({ description: "Of an operator's token." }),
  }),
  command_line: z.strictObject({ kind: z.literal('command_line') }),
  /** The service itself, such as when it verifies connections again. */
  service: z.strictObject({ kind: z.literal('service') }),
};
const actor = z.discriminatedUnion('kind', [
  actors.api_key,
  actors.web_session,
  actors.callback,
  actors.enrollment,
  actors.operator,
  actors.command_line,
  actors.service,
]);
export type Actor = DeepReadonly<z.infer<typeof actor>>;

/** The caller and its request. */
export interface Requester {
  readonly actor: Actor;
  readonly requestId: string;
}

const event = z.strictObject({
  action: z.enum(auditActions),
  organizationId,
  connectionId: connectionId.optional(),
  target: scope.optional().meta({ description: 'The target of the credentials.' }),
  /** Further details; never a secret. */
  details: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).optional(),
});
/** An action that is about to be done, or was done. */
export type AuditEvent = DeepReadonly<z.infer<typeof event>>;

const record = event.extend({ id: auditId, at: isoTime, actor, requestId: z.string() });
/** Each phase of an action. */
export const auditPhases = {
  intent: record.extend({ phase: z.literal('intent') }),
  outcome: record.extend({
    phase: z.literal('outcome'),
    intentId: auditId.optional(),
    outcome: z
      .enum(['succeeded', 'refused', 'inconclusive', 'failed'])
      .meta({ description: 'inconclusive: nothing was decided, so retry. failed: a fault of the service.' }),
    code: errorCode.optional(),
  }),
};
/**
 * One record. A change or a call to AWS is recorded twice: its intent before, its outcome after; an intent
 * without an outcome was interrupted. Everything else has only an outcome.
 */
export const auditRecordSchema = z.discriminatedUnion('phase', [auditPhases.intent, auditPhases.outcome]);
export type AuditRecord = DeepReadonly<z.infer<typeof auditRecordSchema>>;

/**
 * The proof that an intent is in the audit log: nothing changes a connection, opens a session or decrypts a key
 * without one, and only `actions/audited.ts` makes them.
 */
export type AuditIntent = AuditId & Branded<'AuditIntent'>;
