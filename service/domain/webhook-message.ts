/** The messages to the vendor's endpoints. No message contains a secret or an external ID. */
import { z } from 'zod';
import {
  assurance,
  type Connection,
  claimedRole,
  connectionMethod,
  connectionStatus,
  permissionSetLabel,
  permissionSetOf,
} from './connection.js';
import type { DeepReadonly } from './deep-readonly.js';
import type { ErrorCode } from './errors.js';
import { scope, scopeKey } from './scope.js';
import { permissionsState } from './verification/permissions-report.js';
import { errorCode } from './verification.js';

/** Each message type with its description. */
export const messageTypes = {
  'connection.connected': 'A connection works for the first time, or again after it was disconnected.',
  'connection.failed': 'A connection stopped working, or fails for a different reason than before.',
  'connection.recovered': 'A failed connection works again.',
  'connection.disconnected': 'A connection was deprovisioned by its customer, deleted, or expired.',
  'connection.released':
    'A connection was released from its account and is pending until another account has a role for it.',
  'connection.role_changed': 'Another role in the same account replaced the connection’s.',
  'connection.scopes_changed': 'The scopes of a connection changed.',
  'connection.permissions_changed':
    'The permissions of a connected role changed, or another version is deployed.',
  'connection.permissions_outdated': 'A newer version of a connected role’s permission set is available.',
  'connection.callback_refused':
    'A security event: a callback, signed with the connection’s secret, named an account that the connection is not bound to.',
  'connection.role_shared':
    'A security event: the connection’s external ID opens a role of another connection. The other connection fails.',
  'connection.vendor_denied':
    'For the operator: a policy of the vendor’s account or network denies one role, while other roles can be assumed. Its connection failed.',
  'connection.deprovision_not_confirmed':
    'An hour after a stack reported its role as gone, AWS still lets the service assume it.',
  'service.degraded':
    'AWS denies the roles of several organizations at once. Verdicts are on hold, because the cause is probably a policy of the vendor.',
  'service.recovered': 'Roles can be assumed again, and verdicts are no longer on hold.',
  'webhook.test': 'A test message.',
} as const;
export type MessageType = keyof typeof messageTypes;

export const messageData = z
  .strictObject({
    connectionId: z.string(),
    organizationId: z.string(),
    name: z.string(),
    method: connectionMethod,
    status: connectionStatus,
    version: z
      .int()
      .meta({ description: 'Increases with every change of the connection: compare it, not times.' }),
    previousStatus: connectionStatus.optional().meta({ description: 'Absent when the connection is new.' }),
    accountId: z.string().optional(),
    roleArn: z.string().optional(),
    previousRoleArn: z.string().optional(),
    assurance: assurance.optional(),
    permissionSet: z.string().optional().meta({ description: 'Name and version: `deploy@3`.' }),
    permissions: permissionsState.optional(),
    previousPermissions: permissionsState.optional(),
    missing: z
      .array(z.strictObject({ sid: z.string(), action: z.string(), resource: z.string() }))
      .optional()
      .meta({ description: 'Required, and denied; the first 100.' }),
    newestVersion: z.int().optional().meta({ description: 'The newest version of the permission set.' }),
    scopes: z.array(scope).optional(),
    previousScopes: z.array(scope).optional(),
    code: errorCode.optional().meta({ description: 'Why it failed, or was refused.' }),
    security: z.literal(true).optional().meta({
      description:
        'Someone may be after the account: a role that was safe is open to others, or a callback came for another account.',
    }),
    refusedRoleArn: z.string().optional().meta({ description: 'The role that a refused callback reported.' }),
    reason: z
      .enum(['deprovisioned', 'deleted', 'expired'])
      .optional()
      .meta({ description: 'Why it is disconnected.' }),
  })
  .meta({ id: 'ConnectionMessageData', description: 'The data of an event about a connection.' });
type MessageData = DeepReadonly<z.infer<typeof messageData>>;

/** Types that are security events, and (`sometimes`) those that are when their data has `security: true`. */
export const securityTypes: Partial<Record<MessageType, 'always' | 'sometimes'>> = {
  'connection.failed': 'sometimes',
  'connection.callback_refused': 'always',
  'connection.role_shared': 'always',
};

export const testMessageData = z.strictObject({ endpointId: z.string() });

/** The data of events about the service itself. */
export const serviceMessageData = z.strictObject({
  code: errorCode,
  organizations: z.int().meta({ description: 'How many are affected, as far as the service has looked.' }),
});

export interface ConnectionMessage {
  readonly type: Extract<MessageType, `connection.${string}`>;
  readonly data: MessageData;
}

/** A connection in a message. */
export const aboutConnection = (next: Connection, before?: Connection): MessageData => ({
  connectionId: next.id,
  organizationId: next.organizationId,
  // A deleted connection has lost its name.
  name: next.name || (before?.name ?? ''),
  method: next.method,
  status: next.status,
  version: next.version,
  ...(before && accountAndRole(before)),
  ...accountAndRole(next),
});

/** Messages to the vendor about a change. */
export function messagesAfter(
  before: Connection | undefined,
  next: Connection,
  { isExpiry = false }: { isExpiry?: boolean },
): ConnectionMessage[] {
  const about = { ...aboutConnection(next, before), ...(before && { previousStatus: before.status }) };
  const messages: ConnectionMessage[] = [];
  const type = statusType(before, next);
  if (type !== undefined) {
    const code = failureCode(next);
    const reason = next.status === 'disconnected' ? (isExpiry ? 'expired' : next.reason) : undefined;
    messages.push({
      type,
      data: {
        ...about,
        ...(code && { code }),
        ...(code && isLostProtection(before, code) && { security: true }),
        ...(reason && { reason }),
      },
    });
  }
  if (type === 'connection.failed' && failureCode(next) === 'vendor_not_allowed')
    messages.push({ type: 'connection.vendor_denied', data: { ...about, code: 'vendor_not_allowed' } });
  const previousRoleArn = before && claimedRole(before);
  if (previousRoleArn && claimedRole(next) && claimedRole(next) !== previousRoleArn)
    messages.push({ type: 'connection.role_changed', data: { ...about, previousRoleArn } });
  if (before && next.status !== 'disconnected' && keysOf(before) !== keysOf(next))
    messages.push(scopesChanged(next, before));
  return [...messages, ...permissionMessages(before, next)];
}

/** Messages about the permissions of a role that stays connected. */
function permissionMessages(before: Connection | undefined, next: Connection): ConnectionMessage[] {
  if (next.method !== 'assume_role' || next.status !== 'connected') return [];
  const about = aboutConnection(next, before);
  const { permissionSet: set } = next;
  const messages: ConnectionMessage[] = [];
  const isSame = before?.status === 'connected' && permissionsKey(before) === permissionsKey(next);
  if (before?.status === 'connected' && before.method === 'assume_role' && !isSame)
    messages.push({
      type: 'connection.permissions_changed',
      data: { ...about, previousPermissions: before.permissions, missing: missingIn(next) },
    });
  const isOutdated = set?.newest !== undefined && set.version !== undefined && set.newest > set.version;
  if (isOutdated && before && set.newest !== permissionSetOf(before)?.newest)
    messages.push({ type: 'connection.permissions_outdated', data: { ...about, newestVersion: set.newest } });
  return messages;
}

/** Reportable parts of a connection's permissions. */
export function permissionsKey(connection: Connection): string {
  const set = permissionSetOf(connection);
  const found = 'verification' in connection ? connection.verification.permissions : undefined;
  return JSON.stringify([
    set && [permissionSetLabel(set), set.without],
    found && [found.state, found.missing, found.unavailable, found.notDenied, found.notChecked],
  ]);
}

const missingIn = (connection: Connection) =>
  'verification' in connection
    ? connection.verification.permissions?.missing
        .slice(0, 100)
        .map(({ sid, action, resource }) => ({ sid, action, resource }))
    : undefined;

export const scopesChanged = (next: Connection, before: Connection): ConnectionMessage => ({
  type: 'connection.scopes_changed',
  data: { ...aboutConnection(next, before), scopes: next.scopes, previousScopes: before.scopes },
});

const keysOf = ({ scopes }: Connection): string => scopes.map(scopeKey).sort().join('\n');

function statusType(before: Connection | undefined, next: Connection): ConnectionMessage['type'] | undefined {
  const hadWorked = before !== undefined && hasWorked(before);
  switch (next.status) {
    case 'pending': {
      if (before === undefined || before.status === 'pending') return undefined;
      const isReleased = hadWorked || next.expectedAccountId !== before.expectedAccountId;
      return isReleased ? 'connection.released' : undefined;
    }
    case 'connected':
      if (before?.status === 'connected') return undefined;
      return before?.status === 'failed' && hadWorked ? 'connection.recovered' : 'connection.connected';
    case 'failed':
      return before?.status === 'failed' && failureCode(before) === failureCode(next)
        ? undefined
        : 'connection.failed';
    case 'disconnected':
      return before?.status === 'disconnected' ? undefined : 'connection.disconnected';
  }
}

/** A connection with an access key is verified before there is one. */
const hasWorked = (connection: Connection): boolean =>
  connection.method === 'access_key' || claimedRole(connection) !== undefined;

/** Anyone who gets the vendor to use the role's ARN gets in. One check is enough: it is a fact, not a denial. */
export const isOpenToOthers = (code: ErrorCode): boolean => openRoleCodes.includes(code);
export const openRoleCodes: readonly ErrorCode[] = [
  'external_id_not_required',
  'external_id_not_enforced',
  'trust_policy_unsafe',
];
/** Each is counted as a security event and alarms. */
export const securityCodes: readonly ErrorCode[] = [
  ...openRoleCodes,
  'account_mismatch',
  'account_not_bound',
];

export const isLostProtection = (before: Connection | undefined, code: ErrorCode): boolean =>
  before !== undefined && isOpenToOthers(code) && claimedRole(before) !== undefined;

export const failureCode = (connection: Connection): ErrorCode | undefined =>
  connection.status === 'failed' && connection.verification.result === 'failed'
    ? connection.verification.code
    : undefined;

const accountAndRole = (connection: Connection) => ({
  ...('accountId' in connection && { accountId: connection.accountId }),
  ...('roleArn' in connection && { roleArn: connection.roleArn }),
  ...('assurance' in connection && { assurance: connection.assurance }),
  ...('permissions' in connection && connection.permissions && { permissions: connection.permissions }),
  ...permissionSetIn(connection),
});

function permissionSetIn(connection: Connection) {
  const set = permissionSetOf(connection);
  return set && { permissionSet: permissionSetLabel(set) };
}
