import type { ApiKeyId, OrganizationId } from './ids.js';
import type { Authority } from './permission.js';

/** A secret that opens one organization, as far as its authority goes. */
export interface ApiKey extends Authority {
  readonly id: ApiKeyId;
  readonly organizationId: OrganizationId;
  readonly name: string;
  /** SHA-256 of the whole key, hexadecimal. The key itself is shown once and kept nowhere. */
  readonly hash: string;
  readonly createdAt: string;
  /** The key that made it: when that one is revoked, this one is. Absent for keys of the operator's making. */
  readonly parentId?: ApiKeyId | undefined;
  /** Those made with it. In the same row, so that revoking them all and making another one conflict. */
  readonly childIds?: readonly ApiKeyId[] | undefined;
  /** Within five minutes. */
  readonly lastUsedAt?: string | undefined;
  /** From then on it opens nothing. */
  readonly revokedAt?: string | undefined;
}

/** Does it open its organization at this time? */
export const isValid = ({ revokedAt, expiresAt }: ApiKey, nowMs: number): boolean =>
  revokedAt === undefined && (expiresAt === undefined || Date.parse(expiresAt) > nowMs);
