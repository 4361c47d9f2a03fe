import type { Connection, RoleRegistration } from '../domain/connection.js';
import type { AccountId, ConnectionId, ExternalId } from '../domain/ids.js';
import { type Partition, partitions } from '../domain/role-arn.js';
import type { Scope } from '../domain/scope.js';
import { trustPolicy } from '../domain/trust-policy.js';
import { managedPolicyArns, type RolePermissions } from './permissions.js';

/**
 * The role that a customer is to make: the one thing that every way to make it is written from. It holds no secret:
 * the callback's secret comes from the person or job that runs the template.
 */
export interface RoleDescription {
  readonly connectionId: ConnectionId;
  readonly partition: Partition;
  /** The vendor's IAM principal, which the role trusts. */
  readonly principal: string;
  readonly externalId: ExternalId;
  readonly callbackUrl: string;
  /** As its brand file has it; undefined where there is none. */
  readonly vendorName?: string | undefined;
  readonly permissions: RolePermissions;
  /** Undefined: each way makes its own name. */
  readonly roleName?: string | undefined;
  /** `/` or `/…/`. */
  readonly path?: string | undefined;
  /** Seconds, 3,600–43,200; IAM's own default is 3,600. */
  readonly maxSessionDuration?: number | undefined;
  /** Lets the vendor tag its sessions. */
  readonly allowSessionTags?: boolean | undefined;
  /** Lets the vendor name who is behind a session. */
  readonly allowSourceIdentity?: boolean | undefined;
  /** Where the connection applies from the callback on; undefined leaves it as it is. */
  readonly scope?: Scope | undefined;
  readonly expectedAccountId?: AccountId | undefined;
}

/** Options of a role. */
export type RoleChoices = Partial<
  Pick<
    RoleDescription,
    'permissions' | 'roleName' | 'path' | 'maxSessionDuration' | 'allowSessionTags' | 'allowSourceIdentity'
  >
> & {
  /** The optional statements of the permission set that are left out. @default those of the connection */
  readonly without?: readonly string[] | undefined;
};

/** The role for a connection. While its external ID is being changed, the new one: a role made now is to outlast the change. */
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
    // One that moves to a role keeps its scopes, and a stack names one at most.
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

/** For where a role can't be made without a name: the same each time, so that doing it again finds the role. */
export const roleNameOf = ({ roleName, connectionId }: RoleDescription): string =>
  roleName ?? `vendor-access-${connectionId.slice('con_'.length, 'con_'.length + 8)}`;

/** IAM takes Latin-1 only. */
export const roleDescriptionText = (vendorName: string | undefined): string =>
  `Lets ${vendorName && /^[\x20-\x7e\xa1-\xff]+$/.test(vendorName) ? vendorName : 'a vendor'} in, with the connection's external ID`;

/** The vendor's name as an id in code and at the start of each line of output: `northwind-cloud`. */
export const vendorId = ({ vendorName = '' }: Pick<RoleDescription, 'vendorName'>): string =>
  vendorName
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^[-0-9]+/, '')
    .slice(0, 32)
    .replace(/-$/, '') || 'vendor';

/** A region to start in: IAM has none, but tools want one. */
export const regionOf = ({ partition }: Pick<RoleDescription, 'partition'>): string =>
  partitions[partition].stsRegion;
