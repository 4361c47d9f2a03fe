/** Use this when the vendor needs wide permissions and you want a limit that it can't lift: a permissions boundary. */

import { IamPolicy } from '@cdktf/provider-aws/lib/iam-policy';
import { AwsProvider } from '@cdktf/provider-aws/lib/provider';
import { AwsConnection } from '@rolebridge/constructs';
import { App, TerraformStack } from 'cdktf';

const app = new App();
const stack = new TerraformStack(app, 'permissions-boundary');
new AwsProvider(stack, 'aws', { region: 'eu-central-1' });

const boundary = new IamPolicy(stack, 'boundary', {
  namePrefix: 'vendor-boundary-',
  policy: JSON.stringify({
    Version: '2012-10-17',
    Statement: [
      { Effect: 'Allow', Action: '*', Resource: '*' },
      { Effect: 'Deny', Action: ['iam:*', 'organizations:*', 'account:*'], Resource: '*' },
    ],
  }),
});

new AwsConnection(stack, 'vendor', {
  connectionId: 'con_0000000000000000',
  externalId: 'the-external-id-of-your-connection',
  principal: 'arn:aws:iam::123456789012:role/vendor',
  callbackUrl: 'https://vendor.example/v1/callbacks',
  permissions: 'administrator',
  permissionsBoundary: boundary.arn,
});

app.synth();
