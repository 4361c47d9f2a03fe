import { AwsError } from './aws-error.js';

/** AWS's names of the kinds of policy, as its denials spell them. */
const KINDS = {
  identity: 'identity-based policy',
  boundary: 'permissions boundary',
  session: 'session policy',
  scp: 'service control policy',
  'vpc-endpoint': 'VPC endpoint policy',
  resource: 'resource-based policy',
  rcp: 'resource control policy',
} as const;

/** A kind of policy that AWS names when it denies. */
export type PolicyKind = keyof typeof KINDS;

/** The subject and cause of a denial: no policy allows it, or one denies it. */
export interface Denial {
  arn: string;
  action: string;
  resource: string;
  by?: PolicyKind;
  explicit?: boolean;
}

/** Without a policy type, AWS's message gives no reason. https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html */
export function denied(
  { arn, action, resource, by, explicit }: Denial,
  because = by && reason(by, action, explicit),
) {
  const text = `User: ${arn} is not authorized to perform: ${action} on resource: ${resource}`;
  return new AwsError('AccessDenied', because === undefined ? text : `${text} ${because}`);
}

function reason(by: PolicyKind, action: string, explicit = false): string {
  if (explicit) return `with an explicit deny in ${by === 'identity' ? 'an' : 'a'} ${KINDS[by]}`;
  return `because no ${KINDS[by]} allows the ${action} action`;
}
