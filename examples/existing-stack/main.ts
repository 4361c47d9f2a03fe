/**
 * Use this when your stack already creates the role: only the callback is added. Name the role's policies in dependsOn,
 * so that the role is registered when it has them.
 */

import { IamRole } from '@cdktf/provider-aws/lib/iam-role';
import { IamRolePolicyAttachment } from '@cdktf/provider-aws/lib/iam-role-policy-attachment';
import { AwsProvider } from '@cdktf/provider-aws/lib/provider';
import { ConnectionCallback } from '@rolebridge/constructs';
import { App, TerraformStack } from 'cdktf';

const app = new App();
const stack = new TerraformStack(app, 'existing-stack');
new AwsProvider(stack, 'aws', { region: 'eu-central-1' });

const role = new IamRole(stack, 'role', {
  name: 'vendor',
  assumeRolePolicy: JSON.stringify({
    Version: '2012-10-17',
    Statement: [
      {
        Effect: 'Allow',
        Principal: { AWS: 'arn:aws:iam::123456789012:role/vendor' },
        Action: 'sts:AssumeRole',
        Condition: { StringEquals: { 'sts:ExternalId': 'the-external-id-of-your-connection' } },
      },
    ],
  }),
});
const policy = new IamRolePolicyAttachment(stack, 'policy', {
  role: role.name,
  policyArn: 'arn:aws:iam::aws:policy/ReadOnlyAccess',
});

new ConnectionCallback(stack, 'vendor', {
  role,
  dependsOn: [policy],
  connectionId: 'con_0000000000000000',
  callbackUrl: 'https://vendor.example/v1/callbacks',
  scope: { project: 'shop' },
});

app.synth();
