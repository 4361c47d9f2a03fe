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
    readonly organizationId?: OrganizationId | undefined;
    readonly externalId: ExternalId;
    /** During a rotation: tried first, and the other must be refused then. */
    readonly pendingExternalId?: ExternalId | undefined;
    readonly expectedAccountId?: AccountId | undefined;
    /** Of other connections, which opened the role: they have to be denied. */
    readonly foreignExternalIds?: readonly ExternalId[] | undefined;
  };
  /** As it came, not yet checked. */
  readonly roleArn: string;
  /** The id of the role that the stack made; AWS must open that very one. */
  readonly roleId?: string | undefined;
  readonly vendorPrincipals: ReadonlyMap<Partition, string>;
  readonly deniedAccountIds: ReadonlySet<AccountId>;
  readonly sessionName: string;
  /** Milliseconds since the epoch; the propagation window counts from here. */
  readonly firstAttemptAt: number;
  readonly propagationWindowMs: number;
  /** How long this call may wait for propagation. */
  readonly maxWaitMs: number;
  /** The customer may just have fixed the trust policy: IAM may answer by the old one for a while. */
  readonly allowPropagation: boolean;
  /** The caller retries with the same first attempt when nothing is decided, so there is time. @default false */
  readonly callerRetries?: boolean;
  /** Whether a denial that blames the vendor's side concerns this role alone: then it is a verdict. @default it is none */
  readonly isVendorsDenialFinal?: (() => Promise<boolean>) | undefined;
  /** Up to four more calls that find out why AWS denies the role. @default true */
  readonly diagnose?: boolean | undefined;
  /** When all probes last passed, if that is recent: with a policy that is safe none is made, without it only two. */
  readonly probedAt?: string | undefined;
  /** As it was read before; it is read again with all probes. */
  readonly accountAlias?: string | undefined;
  /** Only a role whose policy was judged passes. @default false */
  readonly requireProof?: boolean | undefined;
  /** The permission set to check. Absent: the connection has none. */
  readonly permissions?: PermissionsToCheck | undefined;
  /** Hears that the role opened with this external ID, before anything else is checked. */
  readonly onOpened?: ((role: RoleArn, externalId: ExternalId) => Promise<void>) | undefined;
  /** Hears of every check as it is made, and of every denial that may still be propagation. */
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
      /** The one that the role requires. */
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
  /** A denial may be propagation until then. */
  readonly propagationEnds: number;
  /** This call may wait until then. */
  readonly waitEnds: number;
}
