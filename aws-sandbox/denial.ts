/** AWS's names of the kinds of policy, as its denials spell them. */
export const POLICY_KINDS = {
  identity: 'identity-based policy',
  boundary: 'permissions boundary',
  session: 'session policy',
  scp: 'service control policy',
  'vpc-endpoint': 'VPC endpoint policy',
  resource: 'resource-based policy',
  rcp: 'resource control policy',
} as const;

const ARTICLES: Record<string, string> = { identity: 'an' };

/** https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html */
export function denialText(denial: {
  arn: string;
  action: string;
  resource: string;
  by: keyof typeof POLICY_KINDS;
  explicit: boolean;
}): string {
  const kind = POLICY_KINDS[denial.by];
  const reason = denial.explicit
    ? `with an explicit deny in ${ARTICLES[denial.by] ?? 'a'} ${kind}`
    : `because no ${kind} allows the ${denial.action} action`;
  return `User: ${denial.arn} is not authorized to perform: ${denial.action} on resource: ${denial.resource} ${reason}`;
}
