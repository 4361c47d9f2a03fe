/** The port to AWS STS. */
import type { AccessKey } from './access-key.js';
import type { SignedIdentityRequest } from './caller-proof.js';
import type { Partition, RoleArn } from './role-arn.js';
import type { SimulatedDecision, Simulation } from './verification/judge-permissions.js';

/** The result of one AWS call. Only `denied` is a verdict; `inconclusive` says nothing about the role. */
export type StsAnswer<Allowed, Reason = 'access_denied' | 'region_disabled'> =
  | ({ readonly outcome: 'allowed'; readonly requestId?: string | undefined } & Allowed)
  | {
      readonly outcome: 'denied';
      /** `region_disabled`: the role's account has disabled STS in the requested region. */
      readonly reason: Reason;
      readonly message: string;
      readonly requestId?: string | undefined;
    }
  | {
      readonly outcome: 'inconclusive';
      readonly reason:
        | 'throttled'
        | 'timed_out'
        | 'unreachable'
        | 'server_error'
        | 'malformed'
        | 'clock_off'
        | 'denied_on_the_way'
        /** The denial names a policy of the caller's account. */
        | 'vendor_not_allowed'
        | 'vendor_credentials_expired'
        | 'vendor_credentials_invalid'
        /** AWS was not called: the service is shutting down. */
        | 'shutting_down'
        /** AWS was not called: too many calls of the same organization are waiting. */
        | 'too_many_concurrent_calls';
      readonly requestId?: string | undefined;
    }
  | {
      /** AWS rejected the request's values, whatever the role allows. */
      readonly outcome: 'inconclusive';
      readonly reason: 'request_rejected';
      readonly rejection:
        | 'duration_too_long'
        | 'role_chaining_too_long'
        | 'session_policy_malformed'
        | 'session_too_large';
      readonly message: string;
      readonly requestId?: string | undefined;
    };

export interface SessionCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
  readonly expiresAt: string;
}

/** AWS STS, as far as the service uses it. */
export interface Sts {
  assumeRole(request: {
    partition: Partition;
    roleArn: RoleArn;
    externalId: string | undefined;
    sessionName: string;
    /** @default 900, the shortest */
    durationSeconds?: number | undefined;
    /** JSON text. */
    sessionPolicy?: string | undefined;
    tags?: readonly { readonly key: string; readonly value: string }[] | undefined;
    sourceIdentity?: string | undefined;
    /** Calls STS in another region of the partition, if it has one. */
    inAnotherRegion?: true | undefined;
  }): Promise<
    StsAnswer<{
      sessionArn: string;
      /** The role's unique id, `AROA…`, which changes when a role is recreated under its name. */
      roleId: string;
      credentials: SessionCredentials;
    }>
  >;
  /** iam:GetRole with a session of that role. `trustPolicy` is as IAM sends it: URL-encoded JSON. */
  readRole(
    partition: Partition,
    credentials: SessionCredentials,
    roleName: string,
  ): Promise<StsAnswer<{ roleId: string; trustPolicy: string }>>;
  /** iam:ListAccountAliases with a session of a role, which needs no such permission. */
  accountAlias(
    partition: Partition,
    credentials: SessionCredentials,
  ): Promise<StsAnswer<{ alias: string | undefined }>>;
  /** iam:SimulatePrincipalPolicy of a role with a separate session; incomplete results are missing. */
  simulate(
    partition: Partition,
    credentials: SessionCredentials,
    roleArn: RoleArn,
    simulation: Simulation,
  ): Promise<StsAnswer<{ decisions: readonly SimulatedDecision[] }>>;
  /** The identity of these credentials, by default of the service's own. */
  callerIdentity(
    partition: Partition,
    credentials?: SessionCredentials,
  ): Promise<StsAnswer<{ accountId: string; arn: string }>>;
  /** sts:GetCallerIdentity with a customer's key, which needs no permission. */
  accessKeyIdentity(
    partition: Partition,
    key: AccessKey,
  ): Promise<
    StsAnswer<
      { accountId: string; arn: string },
      'key_unknown' | 'secret_wrong' | 'key_expired' | 'region_disabled'
    >
  >;
  /** The signer of a request, as AWS identifies it; `denied` when AWS does not accept the signature. */
  signerIdentity(
    partition: Partition,
    request: SignedIdentityRequest,
  ): Promise<StsAnswer<{ arn: string }, 'not_accepted'>>;
}

/** The organization and the request that an STS call is counted and logged for. */
export interface StsCaller {
  readonly organizationId: string;
  readonly requestId: string | undefined;
}

/** STS as all organizations share it. */
export interface SharedSts extends Sts {
  /** Returns a client whose calls count against this organization's share and log this request id. */
  forOrganization(caller: StsCaller): SharedSts;
}
