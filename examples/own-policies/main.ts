/**
 * Use this when no preset fits: managed policies and your own statements, some added where the resource that
 * they are about is made.
 */

import { AwsProvider } from '@cdktf/provider-aws/lib/provider';
import { S3Bucket } from '@cdktf/provider-aws/lib/s3-bucket';
import { AwsConnection } from '@rolebridge/constructs';
import { App, TerraformStack } from 'cdktf';

const app = new App();
const stack = new TerraformStack(app, 'own-policies');
new AwsProvider(stack, 'aws', { region: 'eu-central-1' });

const connection = new AwsConnection(stack, 'vendor', {
  connectionId: 'con_0000000000000000',
  externalId: 'the-external-id-of-your-connection',
  principal: 'arn:aws:iam::123456789012:role/vendor',
  callbackUrl: 'https://vendor.example/v1/callbacks',
  permissions: {
    managedPolicies: ['job-function/ViewOnlyAccess', 'arn:aws:iam::210987654321:policy/deployments'],
    statements: [{ sid: 'Tags', actions: ['tag:GetResources'], resources: ['*'] }],
  },
});

const artifacts = new S3Bucket(stack, 'artifacts', { bucketPrefix: 'artifacts-' });
connection.addStatements({
  sid: 'Artifacts',
  actions: ['s3:GetObject', 's3:PutObject'],
  resources: [`${artifacts.arn}/*`],
  conditions: { Bool: { 'aws:SecureTransport': 'true' } },
});

app.synth();
