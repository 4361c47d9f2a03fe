/** The sandbox's SimulatePrincipalPolicy as the AWS CLI and boto3 read it; Terraform's data source: permission-sets.test.ts. */
import { type AwsSandbox, startAwsSandbox } from '../aws-sandbox/index.js';
import { findCommand, notChecked, runCommand } from './tools.js';

const aws = findCommand('aws');
const python = findCommand('python3');
if (!aws) notChecked('simulate with the AWS CLI: there is no aws on the PATH');
if (!python) notChecked('simulate with boto3: there is no python3 on the PATH');

let sandbox: AwsSandbox;
beforeEach(async () => {
  sandbox = await startAwsSandbox();
});
afterEach(() => sandbox.close());

const actions = ['s3:ListAllMyBuckets', 'ec2:DescribeInstances', 's3:GetObject'];
const decisions = ['allowed', 'implicitDeny', 'explicitDeny'];

/** A role of a new account, and a client's environment. */
function role() {
  const { accountId, admin } = sandbox.createAccount();
  const { arn } = sandbox.createRole(accountId, {
    roleName: 'role',
    trustPolicy: {
      Version: '2012-10-17',
      Statement: [{ Effect: 'Allow', Principal: { AWS: accountId }, Action: 'sts:AssumeRole' }],
    },
    inlinePolicies: {
      own: {
        Version: '2012-10-17',
        Statement: [
          { Effect: 'Allow', Action: 's3:*', Resource: '*' },
          { Effect: 'Deny', Action: 's3:GetObject', Resource: '*' },
        ],
      },
    },
  });
  const env = {
    AWS_ACCESS_KEY_ID: admin.accessKeyId,
    AWS_SECRET_ACCESS_KEY: admin.secretAccessKey,
    AWS_ENDPOINT_URL: sandbox.url,
    AWS_REGION: 'us-east-1',
    AWS_DEFAULT_REGION: 'us-east-1',
    AWS_EC2_METADATA_DISABLED: 'true',
  };
  return { arn, env };
}

(aws ? test : test.skip)('the AWS CLI reads each decision, a page at a time', async () => {
  const { arn, env } = role();
  const { code, stdout } = await runCommand(
    aws ?? '',
    [
      ...['iam', 'simulate-principal-policy', '--policy-source-arn', arn, '--page-size', '1'],
      ...['--action-names', ...actions, '--query', 'EvaluationResults[].EvalDecision', '--output', 'json'],
    ],
    { env },
  );
  expect([code, JSON.parse(stdout)]).toEqual([0, decisions]);
});

const program = `
import boto3, json, sys
pages = boto3.client('iam').get_paginator('simulate_principal_policy').paginate(
    PolicySourceArn=sys.argv[1], ActionNames=sys.argv[2:], PaginationConfig={'PageSize': 1})
print(json.dumps([one['EvalDecision'] for page in pages for one in page['EvaluationResults']]))
`;
(python ? test : test.skip)('boto3 reads the same', async () => {
  const { arn, env } = role();
  const { code, stdout, stderr } = await runCommand(python ?? '', ['-c', program, arn, ...actions], { env });
  if (stderr.includes("No module named 'boto3'"))
    return notChecked('simulate with boto3: it is not installed');
  expect([code, stdout && JSON.parse(stdout)]).toEqual([0, decisions]);
});
