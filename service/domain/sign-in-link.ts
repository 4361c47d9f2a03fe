/** A link that signs one person in, for the organization or for one connection, within its creator's authority. */
import { z } from 'zod';
import { apiKeyId, type ConnectionId, connectionId } from './ids.js';
import { type Authority, authority, narrowed, type Permission } from './permission.js';
import type { Token } from './ports.js';
import { isoTime } from './verification.js';

/** `read`: see. `connect`: connect and check roles. `manage`: everything but binding another account. */
export const access = z.enum(['read', 'connect', 'manage']);
export type Access = z.infer<typeof access>;

/** The stored data of a link, beside its times. */
export const linkData = z.object({
  id: z.string(),
  access,
  authority,
  /** The key that created the link. Absent: the operator created it. */
  apiKeyId: apiKeyId.optional(),
  /** The hash of the parent: the link was created in a session of it, and is revoked with it. */
  parentHash: z.string().optional(),
  connectionId: connectionId.optional(),
  returnUrl: z.string().optional(),
  /** The encrypted person. */
  person: z.string().optional(),
  /** SHA-256 of the secret of the first browser that used it. */
  browser: z.string().optional(),
  usedAt: isoTime.optional().meta({ description: 'When its browser first signed in.' }),
  revokedAt: isoTime.optional(),
});
export type LinkData = z.infer<typeof linkData>;

export const linkIn = ({ data }: Pick<Token, 'data'>): LinkData => linkData.parse(data);

const permissionsOf: Record<Access, readonly Permission[]> = {
  read: ['connections:read'],
  connect: ['connections:read', 'connections:write'],
  manage: ['connections:read', 'connections:write'],
};

/** The authority of a link, which can't release an account, issue credentials or create keys. @throws RolebridgeError `permission_denied` */
export function linkAuthority(maker: Authority, wanted: Access): Authority {
  const { scope, expiresAt } = narrowed(maker, { permissions: permissionsOf[wanted] });
  return { permissions: permissionsOf[wanted], ...(scope && { scope }), ...(expiresAt && { expiresAt }) };
}

/** The default authority of a link: its creator's; for one connection, only connecting it. */
export function defaultAccess(maker: Authority, only: ConnectionId | undefined): Access {
  if (!maker.permissions.includes('connections:write')) return 'read';
  return only === undefined ? 'manage' : 'connect';
}

/** The authority on the pages of a person with an API key. */
export const accessOf = ({ permissions }: Authority): Access =>
  permissions.includes('connections:write') ? 'manage' : 'read';
