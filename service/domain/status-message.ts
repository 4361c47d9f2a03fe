import { type Connection, claimedRole } from './connection.js';
import type { ErrorCode } from './errors.js';

export const statusMessageTypes = [
  'connection.connected',
  'connection.failed',
  'connection.recovered',
  'connection.disconnected',
] as const;
export type StatusMessageType = (typeof statusMessageTypes)[number];

/** What the vendor's endpoints are told about a change of a connection's status. It holds no secret, and no external ID. */
export interface StatusMessage {
  readonly type: StatusMessageType;
  readonly timestamp: string;
  readonly data: {
    readonly connectionId: string;
    readonly organizationId: string;
    readonly name: string;
    readonly method: Connection['method'];
    readonly status: Connection['status'];
    readonly previousStatus?: Connection['status'] | undefined;
    readonly accountId?: string | undefined;
    readonly roleArn?: string | undefined;
    /** Why it failed. */
    readonly code?: ErrorCode | undefined;
    /** A role that was safe is not any more: whoever gets the vendor to use its ARN gets into the account. */
    readonly security?: true | undefined;
    /** Why it is disconnected. */
    readonly reason?: 'deprovisioned' | 'deleted' | 'expired' | undefined;
  };
}

/** Undefined when nothing happened that the vendor has to hear of. */
export function statusMessage(
  before: Connection | undefined,
  next: Connection,
  { timestamp, isExpiry = false }: { timestamp: string; isExpiry?: boolean },
): StatusMessage | undefined {
  const type = typeOf(before, next);
  if (type === undefined) return undefined;
  const code = failureCode(next);
  const reason = next.status === 'disconnected' ? (isExpiry ? 'expired' : next.reason) : undefined;
  return {
    type,
    timestamp,
    data: {
      connectionId: next.id,
      organizationId: next.organizationId,
      // A deleted connection has lost its name.
      name: next.name || (before?.name ?? ''),
      method: next.method,
      status: next.status,
      ...(before && { previousStatus: before.status }),
      ...(before && accountAndRole(before)),
      ...accountAndRole(next),
      ...(code && { code }),
      ...(code && isLostProtection(before, code) && { security: true as const }),
      ...(reason && { reason }),
    },
  };
}

function typeOf(before: Connection | undefined, next: Connection): StatusMessageType | undefined {
  const hadWorked = before !== undefined && hasWorked(before);
  switch (next.status) {
    case 'pending':
      return undefined;
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

/** Anyone gets in who gets the vendor to use the role's ARN. One check is enough to say so: AWS let the service in. */
export const isOpenToOthers = (code: ErrorCode): boolean => openRoleCodes.includes(code);
export const openRoleCodes: readonly ErrorCode[] = ['external_id_not_required', 'external_id_not_enforced'];

export const isLostProtection = (before: Connection | undefined, code: ErrorCode): boolean =>
  before !== undefined && isOpenToOthers(code) && claimedRole(before) !== undefined;

export const failureCode = (connection: Connection): ErrorCode | undefined =>
  connection.status === 'failed' && connection.verification.result === 'failed'
    ? connection.verification.code
    : undefined;

const accountAndRole = (connection: Connection) => ({
  ...('accountId' in connection && connection.accountId && { accountId: connection.accountId }),
  ...(connection.method === 'assume_role' &&
    (connection.status === 'connected' || connection.status === 'failed') && {
      roleArn: connection.roleArn,
    }),
});
