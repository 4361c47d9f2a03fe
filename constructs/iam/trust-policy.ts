/**
 * The trust policy of the role, as plain data. Pure: nothing here knows of CDKTF, so it can be read and tested
 * as the JSON document that IAM gets.
 */
import { withValues } from './policy-values';
import rolePolicies from './role-policies.json';

/**
 * An AWS partition. Credentials of one partition never assume a role of another.
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html
 */
export type Partition = 'aws' | 'aws-us-gov' | 'aws-cn' | 'aws-eusc';

export const PARTITIONS: readonly Partition[] = ['aws', 'aws-us-gov', 'aws-cn', 'aws-eusc'];

/** Inputs of {@link trustPolicy}. */
export interface TrustPolicyOptions {
  /** Account ids, or ARNs of roles, users or account roots. At least one. */
  readonly principals: readonly string[];
  /** The external ID that every AssumeRole has to show. */
  readonly externalId: string;
  /** The partition of account ids among the principals. */
  readonly partition: Partition;
  /** Adds `sts:TagSession`. */
  readonly allowSessionTags?: boolean;
  /** Adds `sts:SetSourceIdentity`. */
  readonly allowSourceIdentity?: boolean;
}

/** The document: one statement, one condition, nothing optional about the external ID. */
export interface TrustPolicy {
  readonly Version: '2012-10-17';
  readonly Statement: readonly [
    {
      readonly Effect: 'Allow';
      readonly Principal: { readonly AWS: string | readonly string[] };
      readonly Action: string | readonly string[];
      readonly Condition: { readonly StringEquals: { readonly 'sts:ExternalId': string } };
    },
  ];
}

/**
 * The trust policy that AWS asks for when a third party gets access: the one in `role-policies.json`, which every
 * template is made from.
 *
 * The same statement carries the session actions on purpose: a separate statement without the condition
 * would be a way around the external ID.
 *
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_create_for-user_externalid.html
 */
export function trustPolicy(options: TrustPolicyOptions): TrustPolicy {
  const principals = [...new Set(options.principals.map((each) => principalArn(each, options.partition)))];
  const { always, allowSessionTags, allowSourceIdentity } = rolePolicies.actions;
  const actions = [
    always,
    ...(options.allowSessionTags ? [allowSessionTags] : []),
    ...(options.allowSourceIdentity ? [allowSourceIdentity] : []),
  ];
  return withValues<TrustPolicy>(rolePolicies.trustPolicy, {
    '{principal}': oneOrMany(principals),
    '{actions}': oneOrMany(actions),
    '{externalId}': options.externalId,
  });
}

/** An account id written as the ARN that IAM would store for it; anything else as it is. */
export function principalArn(principal: string, partition: Partition): string {
  return /^[0-9]{12}$/.test(principal) ? `arn:${partition}:iam::${principal}:root` : principal;
}

/** Whether the principal is everyone in an account whom that account's administrators let in. */
export function isWholeAccount(principal: string): boolean {
  return /^[0-9]{12}$/.test(principal) || /^arn:[^:]+:iam::[0-9]{12}:root$/.test(principal);
}

/** The partition of an ARN, if roles can be created in it. */
export function partitionOf(arn: string): Partition | undefined {
  const named = /^arn:([a-z0-9-]+):/.exec(arn)?.[1];
  return PARTITIONS.find((partition) => partition === named);
}

/** IAM gives a list of one back as a string; writing it so keeps plans free of differences. */
function oneOrMany(values: string[]): string | string[] {
  return values.length === 1 && values[0] !== undefined ? values[0] : values;
}
