import type { AccessKeyEncryption } from '../domain/access-key.js';
import type { Requester } from '../domain/audit.js';
import type { ErrorCode } from '../domain/errors.js';
import type { AccountId, ConnectionId, OrganizationId } from '../domain/ids.js';
import type { PermissionSets } from '../domain/permission-set.js';
import type { Clock, Encryption, SharedSts, Store } from '../domain/ports.js';
import type { Quotas } from '../domain/quotas.js';
import type { Partition } from '../domain/role-arn.js';
import type { Schedule } from '../domain/schedule.js';
import type { Sessions } from '../domain/session.js';
import type { SettingEndpoint } from '../domain/webhook-endpoint.js';

/** Dependencies of the use cases; `createService` puts them together. */
export interface Dependencies {
  readonly store: Store;
  readonly quotas: Quotas;
  readonly sts: SharedSts;
  /** How often verifications can be requested. */
  readonly verificationLimit: {
    /** @throws RolebridgeError `rate_limited` */
    take(organizationId: OrganizationId, connectionId: ConnectionId | undefined): Promise<void>;
  };
  readonly sessions: Sessions;
  readonly clock: Clock;
  readonly encryption: Encryption;
  /** Undefined without an encryption key: then the service accepts no access key. */
  readonly accessKeyEncryption: AccessKeyEncryption | undefined;
  /** False: the service accepts no new access key, and asks customers to use a role. */
  readonly acceptsAccessKeys: boolean;
  /** The vendor's principal in each partition that it supports. */
  readonly principals: ReadonlyMap<Partition, string>;
  readonly deniedAccountIds: ReadonlySet<AccountId>;
  /** The URL has no trailing slash. */
  readonly publicUrl: string;
  /** The S3 URL of the vendor's CloudFormation template. Undefined: no quick-create links. */
  readonly templateUrl: string | undefined;
  readonly permissionSetTemplateUrl: string | undefined;
  /** The vendor's name for customers, and the prefix of new external IDs. */
  readonly vendor: {
    /** The name in answers to a customer's stack: the brand's, or "the vendor" without a brand. */
    readonly inSentence: string;
    /** Undefined without a brand. */
    readonly name: string | undefined;
    readonly externalIdPrefix: string;
    /** Whether a sign-in link can return to that URL. */
    readonly isReturnUrl: (url: string) => boolean;
  };
  readonly propagationWindowMs: number;
  /** How long a request waits for a role to propagate before it answers without a verdict. */
  readonly maxWaitMs: number;
  readonly schedule: Schedule;
  /** The vendor's permission sets; empty without ROLEBRIDGE_PERMISSION_SETS. */
  readonly permissionSets: PermissionSets;
  readonly webhooks: {
    /** Endpoints from the settings, which get every event. */
    readonly endpoints: readonly SettingEndpoint[];
    /** Whether endpoints can be at private addresses, also without TLS. */
    readonly allowsPrivate: boolean;
  };
  /** Whether a callback can connect roles only in the account that the connection is already bound to. */
  readonly requireAccount: boolean;
  /** Whether a role connects only if its trust policy was read and judged. */
  readonly requireProof: boolean;
  /** Counts and logs a security event. */
  readonly reportSecurityEvent: (
    code: ErrorCode,
    about: { readonly connectionId: string; readonly organizationId: string },
  ) => void;
  /** A role in another account of the vendor. While it can be assumed, the denial of a customer's role is the customer's fault. */
  readonly canary: { readonly roleArn: string; readonly externalId: string } | undefined;
  /** Details of `/readyz` beside "ready". */
  readonly health: { degradedSince: string | undefined };
  /** Call it after storing a job that may be due sooner. */
  readonly wake: () => void;
}

/**
 * Dependencies of a verification: AWS calls count toward the organization's share and rate. The service
 * itself, which re-verifies connections, has a separate limit.
 * @throws RolebridgeError `rate_limited`
 */
export async function forVerification(
  deps: Dependencies,
  { actor, requestId }: Requester,
  { organizationId, id }: { organizationId: OrganizationId; id?: ConnectionId | undefined },
): Promise<Dependencies> {
  if (actor.kind !== 'service') await deps.verificationLimit.take(organizationId, id);
  return { ...deps, sts: deps.sts.forOrganization({ organizationId, requestId }) };
}

export const isoNow = (clock: Clock): string => new Date(clock.now()).toISOString();
