import type { AccountId, ConnectionId, ExternalId, OrganizationId } from '../ids.js';
import type { NoVerdict } from '../inconclusive.js';
import type { PermissionSet } from '../permission-set.js';
import type { Clock, Sts } from '../ports.js';
import type { ParsedRoleArn, Partition, RoleArn } from '../role-arn.js';
import type { Check, FailedVerification, PassedVerification } from '../verification.js';
import type { PermissionsReport } from './permissions-report.js';
import type { VerificationReport } from './report.js';

export interface RoleToVerify {
  readonly connection: {
    readonly id: ConnectionId;
    readonly organizationId: OrganizationId;
    readonly externalId: ExternalId;
    /** The next external ID of a rotation: tried first, and AWS must then deny the current one. */
    readonly pendingExternalId?: ExternalId | undefined;
    readonly expectedAccountId?: AccountId | undefined;
    /** External IDs of other connections that opened the role: AWS must deny them. */
    readonly foreignExternalIds?: readonly ExternalId[] | undefined;
  };
  /** The ARN as the caller sent it, unchecked. */
  readonly roleArn: string;
  /** The unique id of the role that the stack created; AWS must open this role. */
  readonly roleId?: string | undefined;
  readonly vendorPrincipals: ReadonlyMap<Partition, string>;
  readonly deniedAccountIds: ReadonlySet<AccountId>;
  readonly sessionName: string;
  /** Milliseconds since the epoch; the propagation window counts from here. */
  readonly firstAttemptAt: number;
  readonly propagationWindowMs: number;
  /** How long this call may wait for propagation. */
  readonly maxWaitMs: number;
  /** The customer may have just fixed the trust policy, so wait while AWS still uses the previous one. */
  readonly allowPropagation: boolean;
  /** The caller retries an inconclusive verification with the same first attempt. @default false */
  readonly callerRetries?: boolean;
  /** Decides whether a denial that blames the vendor's side is a verdict on this role. @default it is not */
  readonly isVendorsDenialFinal?: (() => Promise<boolean>) | undefined;
  /** Whether to diagnose a denial, with up to four more calls. @default true */
  readonly diagnose?: boolean | undefined;
  /** When all probes last passed, if recently. A readable safe policy then needs no probe, an unreadable one needs two. */
  readonly probedAt?: string | undefined;
  /** The alias from an earlier verification; it is read again together with all probes. */
  readonly accountAlias?: string | undefined;
  /** Whether a role passes only if its trust policy was read and judged. @default false */
  readonly requireProof?: boolean | undefined;
  /** The permission set to check. Absent: the connection has none. */
  readonly permissions?: PermissionsToCheck | undefined;
  /** Called when the role opened with this external ID, before any other check. */
  readonly onOpened?: ((role: RoleArn, externalId: ExternalId) => Promise<void>) | undefined;
  /** Called after each check, and after each denial that may still be propagation. */
  readonly onProgress?: ((progress: VerificationProgress) => void) | undefined;
}

export interface PermissionsToCheck {
  readonly set: PermissionSet;
  /** The optional statements that the customer left out. */
  readonly without: readonly string[];
  /** Missing permissions reject the role. Otherwise they are only reported, and production continues. */
  readonly areRequired: boolean;
  /** The last report, which stands between two daily checks and when IAM doesn't answer. */
  readonly before?: PermissionsReport | undefined;
}

export type VerificationProgress = { readonly check: Check } | { readonly waitingSince: string };

export type RoleVerification =
  | {
      outcome: 'passed';
      verification: PassedVerification;
      role: ParsedRoleArn;
      roleId: string;
      /** The external ID that the role requires. */
      externalId: ExternalId;
      assurance: 'proven' | 'tested';
      probedAt: string;
    }
  | {
      outcome: 'refused';
      verification: FailedVerification;
      role: ParsedRoleArn | undefined;
      roleId: string | undefined;
    }
  | ({ outcome: 'inconclusive' } & NoVerdict);

export interface VerificationTools {
  readonly sts: Sts;
  readonly clock: Clock;
  readonly newExternalId: () => ExternalId;
}

/** Shared context of the steps. */
export interface Attempt extends VerificationTools {
  readonly request: RoleToVerify;
  readonly report: VerificationReport;
  readonly role: ParsedRoleArn;
  /** Until this time, a denial may be propagation. */
  readonly propagationEnds: number;
  /** This call waits at most until this time. */
  readonly waitEnds: number;
}
