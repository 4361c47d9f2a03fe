import type { ErrorCode } from './errors.js';

export const checkNames = [
  'role_arn',
  'not_vendor_account',
  'assumable',
  'account',
  'external_id_required',
  'external_id_exact',
  'previous_external_id',
  'access_key_works',
  'not_root_user',
  'not_already_connected',
] as const;
export type CheckName = (typeof checkNames)[number];

/** One request to AWS and what it answered: the receipt. */
export interface Probe {
  readonly probe:
    | 'with_external_id'
    | 'with_pending_external_id'
    | 'with_previous_external_id'
    | 'without_external_id'
    | 'wrong_external_id'
    | 'caller_identity';
  readonly at: string;
  readonly outcome: 'allowed' | 'denied' | 'inconclusive';
  readonly requestId?: string | undefined;
}

export interface Check {
  readonly name: CheckName;
  readonly outcome: 'passed' | 'failed';
  readonly code?: ErrorCode | undefined;
  readonly message: string;
  readonly remedy?: string | undefined;
  readonly at: string;
}

/** A likely cause of a refusal, found by experiment. */
export interface Cause {
  readonly cause:
    | 'external_id_different'
    | 'principal_different'
    | 'condition_missing'
    | 'condition_wildcard'
    | 'role_name_or_path'
    | 'sts_region_off'
    | 'organization_policy'
    | 'vendor_not_allowed';
  readonly likelihood: 'certain' | 'likely' | 'possible';
  readonly explanation: string;
}

export interface Diagnosis {
  readonly causes: readonly Cause[];
  /** The exact trust policy to paste, as JSON text. */
  readonly trustPolicy: string;
}

export type Verification = {
  readonly startedAt: string;
  readonly finishedAt: string;
  readonly checks: readonly Check[];
  readonly probes: readonly Probe[];
} & (
  | { readonly result: 'passed'; readonly accountId: string; readonly sessionArn: string }
  /** Of an access key. */
  | { readonly result: 'passed'; readonly accountId: string; readonly principalArn: string }
  | {
      readonly result: 'failed';
      readonly code: ErrorCode;
      readonly message: string;
      readonly remedy: string;
      readonly diagnosis?: Diagnosis | undefined;
    }
);
