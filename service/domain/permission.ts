/** The authority of a caller in its organization: permissions, a scope, ceilings for credentials, and an expiry. */
import { z } from 'zod';
import type { Connection } from './connection.js';
import type { DeepReadonly } from './deep-readonly.js';
import { RolebridgeError } from './errors.js';
import { checkScope, describeScope, isWithin, type Scope, scope, scopeKey } from './scope.js';
import { sessionLimits } from './session-limits.js';
import { isoTime } from './verification.js';

export const permissions = [
  'connections:read',
  'connections:write',
  'connections:release',
  'credentials:issue',
  'targets:write',
  'keys:write',
  'links:write',
  'webhooks:write',
  'audit:read',
] as const;
export const permission = z.enum(permissions).meta({ id: 'Permission' });
export type Permission = z.infer<typeof permission>;

/** The default of a key: a job that resolves a target and gets its credentials. */
export const defaultPermissions: readonly Permission[] = ['connections:read', 'credentials:issue'];

/** The most that credentials issued with a key can be. */
export const ceilings = z.strictObject({
  durationSeconds: z
    .int()
    .min(sessionLimits.durationSeconds.least)
    .max(sessionLimits.durationSeconds.most)
    .optional(),
  /** JSON text. AWS can't intersect two session policies, so this one is applied to every session. */
  sessionPolicy: z.string().max(sessionLimits.sessionPolicy).optional(),
});
export type Ceilings = DeepReadonly<z.infer<typeof ceilings>>;

export const authority = z.strictObject({
  permissions: z.array(permission).min(1).max(permissions.length),
  /** Only connections and targets within it; absent: the whole organization. */
  scope: scope.optional(),
  ceilings: ceilings.optional(),
  /** From then on it opens nothing. */
  expiresAt: isoTime.optional(),
});
export type Authority = DeepReadonly<z.infer<typeof authority>>;

export const fullAuthority: Authority = { permissions };

/** @throws RolebridgeError `permission_denied` */
export function requirePermission(
  authority: Authority,
  wanted: Permission | readonly Permission[] | undefined,
): void {
  if (wanted === undefined) return;
  const anyOf = typeof wanted === 'string' ? [wanted] : wanted;
  if (anyOf.some((one) => authority.permissions.includes(one))) return;
  throw denied(`This call needs the permission ${anyOf.join(' or ')}.`);
}

/** @throws RolebridgeError `permission_denied`, whatever there is at that scope */
export function requireScope(authority: Authority, wanted: Scope): void {
  if (authority.scope === undefined || isWithin(checkScope(wanted), authority.scope)) return;
  throw denied(
    `This API key is limited to ${describeScope(authority.scope)}; ${describeScope(wanted)} is outside of it.`,
  );
}

/** @throws RolebridgeError `permission_denied` for a caller that is limited to a part of the organization */
export function requireWholeOrganization(authority: Authority): void {
  if (authority.scope === undefined) return;
  throw denied(
    `This call is about the whole organization, and this API key is limited to ${describeScope(authority.scope)}.`,
  );
}

/** Is all of the connection within the caller's scope, and stays there whatever its callback says? */
export function covers({ scope }: Pick<Authority, 'scope'>, connection: Connection): boolean {
  if (scope === undefined) return true;
  const { scopes, vendorScopes = [] } = connection;
  return scopes.length > 0 && [...scopes, ...vendorScopes].every((each) => isWithin(each, scope));
}

/**
 * The authority of a new key or link: as requested, at most its creator's; by default the creator's.
 * @throws RolebridgeError `permission_denied`
 */
export function narrowed(maker: Authority, wanted: Authority): Authority {
  const missing = wanted.permissions.filter((one) => !maker.permissions.includes(one));
  if (missing.length > 0)
    throw denied(`The maker of a key needs its permissions itself: ${missing.join(', ')}.`);
  const within = wanted.scope === undefined || scopeKey(wanted.scope) === '' ? maker.scope : wanted.scope;
  if (within !== undefined) requireScope(maker, within);
  const expiresAt = wanted.expiresAt ?? maker.expiresAt;
  if (
    expiresAt !== undefined &&
    maker.expiresAt !== undefined &&
    Date.parse(expiresAt) > Date.parse(maker.expiresAt)
  )
    throw denied(`This API key expires at ${maker.expiresAt}, and so does everything made with it.`);
  const limits = narrowedCeilings(maker.ceilings ?? {}, wanted.ceilings ?? {});
  return {
    permissions: permissions.filter((one) => wanted.permissions.includes(one)),
    ...(within && { scope: within }),
    ...(Object.keys(limits).length > 0 && { ceilings: limits }),
    ...(expiresAt !== undefined && { expiresAt }),
  };
}

/** @throws RolebridgeError `permission_denied` */
export function narrowedCeilings(maker: Ceilings, wanted: Ceilings): Ceilings {
  const { durationSeconds = maker.durationSeconds, sessionPolicy = maker.sessionPolicy } = wanted;
  if (durationSeconds !== undefined && durationSeconds > (maker.durationSeconds ?? Number.POSITIVE_INFINITY))
    throw denied(`This API key is for credentials of ${maker.durationSeconds} seconds or less.`);
  if (maker.sessionPolicy !== undefined && sessionPolicy !== maker.sessionPolicy)
    throw denied('This API key has a session policy, which applies to all of its credentials.');
  return {
    ...(durationSeconds !== undefined && { durationSeconds }),
    ...(sessionPolicy !== undefined && { sessionPolicy }),
  };
}

export const denied = (detail: string, remedy = 'Use an API key that may do this.'): RolebridgeError =>
  new RolebridgeError('permission_denied', detail, { remedy });
