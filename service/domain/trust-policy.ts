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
}: RoleTrustTerms) => ({
  Version: '2012-10-17',
  Statement: [
    {
      Effect: 'Allow',
      Principal: { AWS: principal },
      Action: oneOrMany([
        'sts:AssumeRole',
        ...(allowSessionTags ? ['sts:TagSession'] : []),
        ...(allowSourceIdentity ? ['sts:SetSourceIdentity'] : []),
      ]),
      Condition: { StringEquals: { 'sts:ExternalId': externalId } },
    },
  ],
});

export interface RoleTrustTerms {
  readonly principal: string;
  readonly externalId: string;
  readonly allowSessionTags?: boolean | undefined;
  readonly allowSourceIdentity?: boolean | undefined;
}

/** IAM gives a list of one back as a string. */
const oneOrMany = (actions: [string, ...string[]]): string | string[] =>
  actions.length === 1 ? actions[0] : actions;
