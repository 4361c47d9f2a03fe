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

/** The gist of the policies that matter to tests of access: actions, on every resource. Others have a stand-in. */
const ACTIONS = new Map(
  Object.entries({
    AdministratorAccess: '*',
    ReadOnlyAccess: '*:Describe* *:Get* *:List* *:BatchGet* iam:Simulate* iam:Generate*',
    SecurityAudit: '*:Describe* *:List* iam:Get* iam:Simulate* s3:GetBucket* ec2:Get* kms:GetKey*',
    IAMReadOnlyAccess: 'iam:Get* iam:List* iam:Simulate*',
    ViewOnlyAccess: '*:Describe* *:List* iam:GetAccountSummary',
    Billing: 'aws-portal:* billing:* budgets:* ce:* cur:* payments:* tax:*',
  }),
);

/** `AmazonS3ReadOnlyAccess`, `AmazonEC2FullAccess`: one service, by the name. */
const ONE_SERVICE = /^(?:Amazon|AWS)?([A-Za-z0-9]+?)(ReadOnlyAccess|FullAccess)$/;

function statementOf(name: string): object | undefined {
  if (name === 'PowerUserAccess')
    return { Effect: 'Allow', NotAction: ['iam:*', 'organizations:*', 'account:*'], Resource: '*' };
  const [, service, kind] = ONE_SERVICE.exec(name) ?? [];
  const verbs = kind === 'FullAccess' ? '*' : 'Describe* Get* List*';
  const ofService = service && verbs.replace(/\S+/g, (verb) => `${service.toLowerCase()}:${verb}`);
  const actions = ACTIONS.get(name) ?? ofService;
  return actions === undefined ? undefined : { Effect: 'Allow', Action: actions.split(' '), Resource: '*' };
}

/** Grants nothing: the sandbox doesn't know its document. */
const STAND_IN = { Effect: 'Allow', Action: 'sandbox:Unknown', Resource: '*' };

/** Whether the sandbox has the policy's text. AWS's decision is unknown for a stand-in. */
export function isKnownDocument(arn: string): boolean {
  return statementOf(arn.slice(arn.lastIndexOf('/') + 1)) !== undefined;
}

const CREATED_AT = Date.UTC(2015, 1, 6, 18, 40, 0);

/**
 * An AWS managed policy. AWS has more than a thousand, so every well-formed name is taken for one.
 */
export function awsManagedPolicy(arn: string): ManagedPolicy {
  const resource = arn.slice(arn.indexOf(':policy/') + ':policy'.length);
  const name = resource.slice(resource.lastIndexOf('/') + 1);
  const digest = createHash('sha256').update(resource).digest('hex').toUpperCase();
  const document = JSON.stringify({ Version: '2012-10-17', Statement: [statementOf(name) ?? STAND_IN] });
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

/** The AWS managed policies that ListPolicies returns. */
export function awsManagedPolicies(partition: string): ManagedPolicy[] {
  return LISTED.map((name) => awsManagedPolicy(`arn:${partition}:iam::aws:policy/${name}`));
}
