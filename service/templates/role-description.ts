import type { Connection, RoleRegistration } from '../domain/connection.js';
import type { AccountId, ConnectionId, ExternalId } from '../domain/ids.js';
import { type Partition, partitions } from '../domain/role-arn.js';
import type { Scope } from '../domain/scope.js';
import { trustPolicy } from '../domain/trust-policy.js';
import { managedPolicyArns, type RolePermissions } from './permissions.js';

/**
 * The role for a connection. Every template is generated from it. It contains no secret: the callback secret comes from the
 * person or job that runs the template.
 */
export interface RoleDescription {
  readonly connectionId: ConnectionId;
  readonly partition: Partition;
  /** The vendor's IAM principal, which the role trusts. */
  readonly principal: string;
  readonly externalId: ExternalId;
  readonly callbackUrl: string;
  /** The name in the brand file. */
  readonly vendorName?: string | undefined;
  readonly permissions: RolePermissions;
  /** If undefined, each template generates a name. */
  readonly roleName?: string | undefined;
  /** `/` or `/…/`. */
  readonly path?: string | undefined;
  /** In seconds, 3,600–43,200. IAM's default is 3,600. */
  readonly maxSessionDuration?: number | undefined;
  /** The vendor can tag its sessions. */
  readonly allowSessionTags?: boolean | undefined;
  /** The vendor can set the source identity of its sessions. */
  readonly allowSourceIdentity?: boolean | undefined;
  /** The scope that the callback sets, if the connection has none. */
  readonly scope?: Scope | undefined;
  readonly expectedAccountId?: AccountId | undefined;
}

/** The options of a role. */
export type RoleChoices = Partial<
  Pick<
    RoleDescription,
    'permissions' | 'roleName' | 'path' | 'maxSessionDuration' | 'allowSessionTags' | 'allowSourceIdentity'
  >
> & {
  /** Optional statements of the permission set to omit. @default those of the connection */
  readonly without?: readonly string[] | undefined;
};

/** Describes the role for a connection. During a rotation it requires the new external ID. */
export function describeRole(
  connection: Connection,
  trust: RoleRegistration,
  vendor: { principal: string; callbackUrl: string; vendorName?: string | undefined },
  { without: _, ...choices }: RoleChoices = {},
): RoleDescription {
  return {
    connectionId: connection.id,
    partition: connection.partition,
    principal: vendor.principal,
    externalId: trust.pendingExternalId ?? trust.externalId,
    callbackUrl: vendor.callbackUrl,
    vendorName: vendor.vendorName,
    permissions: 'read-only',
    // A migration to a role keeps the scopes, and a stack can name one scope only.
    scope:
      connection.method === 'assume_role' && connection.scopes.length === 1
        ? connection.scopes[0]
        : undefined,
    expectedAccountId: connection.expectedAccountId,
    ...choices,
  };
}

export const trustPolicyOf = (description: RoleDescription) => trustPolicy(description);

export const policyArnsOf = ({
  permissions,
  partition,
}: Pick<RoleDescription, 'permissions' | 'partition'>): string[] => managedPolicyArns(permissions, partition);

/** The name for templates that need one. It is derived from the connection, so that a second run finds the role. */
export const roleNameOf = ({ roleName, connectionId }: RoleDescription): string =>
  roleName ?? `vendor-access-${connectionId.slice('con_'.length, 'con_'.length + 8)}`;

/** The description of the role in IAM, which accepts Latin-1 only. */
export const roleDescriptionText = (vendorName: string | undefined): string =>
  `Cross-account access for ${vendorName && /^[\x20-\x7e\xa1-\xff]+$/.test(vendorName) ? vendorName : 'a vendor'}, with the connection's external ID`;

/** The vendor's name as an identifier, such as `northwind-cloud`. */
export const vendorId = ({ vendorName = '' }: Pick<RoleDescription, 'vendorName'>): string =>
  vendorName
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^[-0-9]+/, '')
    .slice(0, 32)
    .replace(/-$/, '') || 'vendor';

/** A default region: IAM has no regions, but tools require one. */
export const regionOf = ({ partition }: Pick<RoleDescription, 'partition'>): string =>
  partitions[partition].stsRegion;
