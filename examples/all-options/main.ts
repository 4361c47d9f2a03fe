/** Use this to see every option of a connection at once; most stacks need a few of them. */

import { AwsProvider } from '@cdktf/provider-aws/lib/provider';
import { AwsConnection } from '@rolebridge/constructs';
import { App, TerraformOutput, TerraformStack, TerraformVariable } from 'cdktf';

const app = new App();
const stack = new TerraformStack(app, 'all-options');
const provider = new AwsProvider(stack, 'aws', { region: 'eu-central-1' });

const connection = new AwsConnection(stack, 'vendor', {
  connectionId: 'con_0000000000000000',
  externalId: 'the-external-id-of-your-connection',
  principal: ['arn:aws:iam::123456789012:role/vendor/deployer', '123456789012'],
  acknowledge: ['whole-account-trust'],
  callbackUrl: 'https://vendor.example/v1/callbacks',
  scope: { project: 'shop', environment: 'production', architecture: 'web' },

  permissions: {
    preset: 'security-audit',
    managedPolicies: ['ReadOnlyAccess'],
    statements: [{ effect: 'Deny', actions: ['s3:GetObject'], resources: ['*'] }],
  },
  permissionsBoundary: 'arn:aws:iam::210987654321:policy/vendors',

  roleName: 'vendor',
  path: '/third-parties/',
  description: 'The vendor deploys the shop with this role',
  tags: { team: 'platform' },
  maxSessionDuration: 4 * 3600,
  allowSessionTags: true,
  allowSourceIdentity: true,
  selfInspection: true,
  simulatePermissions: false,
  partition: 'aws',
  provider,

  vendorName: 'northwind',
  expectedAccountId: '210987654321',
  callbackTimeoutSeconds: 300,
  destroyTimeoutSeconds: 30,
  failDestroyWhenUnreachable: true,

  callbackSecret: new TerraformVariable(stack, 'callback_secret', { type: 'string', sensitive: true }),
  health: {
    statusToken: new TerraformVariable(stack, 'status_token', { type: 'string', sensitive: true }),
    timeoutSeconds: 10,
  },
});
new TerraformOutput(stack, 'role_arn', { value: connection.roleArn });
new TerraformOutput(stack, 'account_id', { value: connection.accountId });
new TerraformOutput(stack, 'status_url', { value: connection.statusUrl });

app.synth();
