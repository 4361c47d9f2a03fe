import { rolePolicies } from './role-policies.js';

/**
 * The trust policy that a customer's role must have: one statement, one principal, one external ID. Session tags and
 * the source identity are in the same statement: a separate one without the condition would be a way around it.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_common-scenarios_third-party.html
 */
export const trustPolicy = ({
  principal,
  externalId,
  allowSessionTags,
  allowSourceIdentity,
}: TrustPolicyTerms): TrustPolicy => {
  const { actions } = rolePolicies;
  return trustPolicyWith({
    principal,
    externalId,
    actions: oneOrMany([
      actions.always,
      ...(allowSessionTags ? [actions.allowSessionTags] : []),
      ...(allowSourceIdentity ? [actions.allowSourceIdentity] : []),
    ]),
  });
};

/** The trust policy with other values, such as references of a CloudFormation template. */
export const trustPolicyWith = (values: Readonly<Record<'principal' | 'externalId' | 'actions', unknown>>) =>
  withValues(rolePolicies.trustPolicy, values);

/** The statement that lets a role read itself and simulate its own permissions. */
export const selfInspection = (roleArn: unknown) => withValues(rolePolicies.selfInspection, { roleArn });

export interface TrustPolicyTerms {
  readonly principal: string;
  readonly externalId: string;
  readonly allowSessionTags?: boolean | undefined;
  readonly allowSourceIdentity?: boolean | undefined;
}

export type TrustPolicy = {
  Version: string;
  Statement: [
    {
      Effect: string;
      Principal: { AWS: string };
      Action: string | string[];
      Condition: { StringEquals: { 'sts:ExternalId': string } };
    },
  ];
};

/** Whole texts only, so that no value can become another part of the policy. */
const withValues = (template: object, values: Readonly<Record<string, unknown>>) =>
  JSON.parse(JSON.stringify(template), (_key, value: unknown) => {
    const name = typeof value === 'string' ? /^\{(\w+)\}$/.exec(value)?.[1] : undefined;
    return name !== undefined && Object.hasOwn(values, name) ? values[name] : value;
  });

/** IAM gives a list of one back as a string. */
const oneOrMany = (actions: [string, ...string[]]): string | string[] =>
  actions.length === 1 ? actions[0] : actions;
