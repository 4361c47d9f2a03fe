import { createHash } from 'node:crypto';
import type { ManagedPolicy } from './accounts.js';

/** Path and name of the AWS managed policies that are listed; any other well-formed name is known as well. */
const LISTED = [
  'AdministratorAccess',
  'PowerUserAccess',
  'ReadOnlyAccess',
  'SecurityAudit',
  'IAMReadOnlyAccess',
  'job-function/ViewOnlyAccess',
  'job-function/Billing',
];

const STATEMENTS: Record<string, object> = {
  AdministratorAccess: { Effect: 'Allow', Action: '*', Resource: '*' },
  PowerUserAccess: {
    Effect: 'Allow',
    NotAction: ['iam:*', 'organizations:*', 'account:*'],
    Resource: '*',
  },
};

const READ = { Effect: 'Allow', Action: ['*:Describe*', '*:Get*', '*:List*'], Resource: '*' };

const CREATED_AT = Date.UTC(2015, 1, 6, 18, 40, 0);

/**
 * An AWS managed policy. AWS has more than a thousand, so every well-formed name is taken for one; the
 * documents are stand-ins, since the sandbox evaluates no permissions.
 */
export function awsManagedPolicy(arn: string): ManagedPolicy {
  const resource = arn.slice(arn.indexOf(':policy/') + ':policy'.length);
  const name = resource.slice(resource.lastIndexOf('/') + 1);
  const digest = createHash('sha256').update(resource).digest('hex').toUpperCase();
  const document = JSON.stringify({ Version: '2012-10-17', Statement: [STATEMENTS[name] ?? READ] });
  return {
    policyId: `ANPA${digest.slice(0, 17)}`,
    name,
    path: resource.slice(0, resource.lastIndexOf('/') + 1),
    arn,
    createdAt: CREATED_AT,
    updatedAt: CREATED_AT,
    description: `AWS managed policy ${name}`,
    tags: new Map(),
    defaultVersionId: 'v1',
    versions: new Map([['v1', { document, createdAt: CREATED_AT }]]),
    lastVersion: 1,
  };
}

/** Those that ListPolicies shows. */
export function awsManagedPolicies(partition: string): ManagedPolicy[] {
  return LISTED.map((name) => awsManagedPolicy(`arn:${partition}:iam::aws:policy/${name}`));
}
