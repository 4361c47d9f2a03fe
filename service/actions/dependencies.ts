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
import type { VerificationLimit } from '../domain/verification-limit.js';
import type { SettingEndpoint } from '../domain/webhook-endpoint.js';

/** Dependencies of the use cases; `createService` puts them together. */
export interface Dependencies {
  readonly store: Store;
  readonly quotas: Quotas;
  readonly sts: SharedSts;
  readonly verificationLimit: VerificationLimit;
  readonly sessions: Sessions;
  readonly clock: Clock;
  readonly encryption: Encryption;
  /** Undefined when the service has no encryption key: then no access key is taken. */
  readonly accessKeyEncryption: AccessKeyEncryption | undefined;
  /** False: no new access key is taken, and customers are asked to use a role. */
  readonly takesAccessKeys: boolean;
  /** The vendor's principal in each partition that it has one in. */
  readonly principals: ReadonlyMap<Partition, string>;
  readonly deniedAccountIds: ReadonlySet<AccountId>;
  /** Without a slash at its end. */
  readonly publicUrl: string;
  /** Where AWS gets the vendor's CloudFormation template: an S3 address. Undefined: no quick-create links. */
  readonly templateUrl: string | undefined;
  readonly setTemplateUrl: string | undefined;
  /** The vendor's name for customers, and the prefix of new external IDs. */
  readonly vendor: {
    /** In answers to a customer's stack: the brand's name, or "the vendor" where there is no brand. */
    readonly inSentence: string;
    /** Undefined where there is no brand. */
    readonly name: string | undefined;
    readonly externalIdPrefix: string;
    /** May a sign-in link lead back there? */
    readonly isReturnUrl: (url: string) => boolean;
  };
  readonly propagationWindowMs: number;
  /** How long one request waits for a role to propagate before it answers "not decided yet". */
  readonly maxWaitMs: number;
  readonly schedule: Schedule;
  /** The vendor's permission sets; empty without ROLEBRIDGE_PERMISSION_SETS. */
  readonly permissionSets: PermissionSets;
  readonly webhooks: {
    /** Of the settings: they hear of every event. */
    readonly endpoints: readonly SettingEndpoint[];
    /** Endpoints may be at private addresses, there without TLS too. */
    readonly allowsPrivate: boolean;
  };
  /** A callback connects a role only in an account that the connection is bound to already. */
  readonly requireAccount: boolean;
  /** Only roles whose trust policy was read and judged are connected. */
  readonly requireProof: boolean;
  /** Counts and logs a security event. */
  readonly alarm: (
    code: ErrorCode,
    about: { readonly connectionId: string; readonly organizationId: string },
  ) => void;
  /** A role in another account of the vendor's, reached as customers' roles are: while it opens, a denial is theirs. */
  readonly canary: { readonly roleArn: string; readonly externalId: string } | undefined;
  /** Details of `/readyz` beside "ready". */
  readonly health: { degradedSince: string | undefined };
  /** A job was stored that may be due earlier. */
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

/** Binds an encrypted callback secret to its connection. */
export const callbackSecretContext = (connectionId: string): string => `callback-secret:${connectionId}`;

/** The same secret under the key of today. @throws when the old key is missing */
export const encryptedAgain =
  (encryption: Encryption, context: string) =>
  (encrypted: string): string =>
    encryption.encrypt(encryption.open(encrypted, context), context);
