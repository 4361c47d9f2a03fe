/**
 * Use this to connect one AWS account with one construct on CDK Terrain (`cdktn`), which continues CDKTF.
 *
 * The four values come from the vendor's page, and CONNECT_CALLBACK_SECRET has to be in the environment of
 * `cdktn deploy`. Without them it synthesizes with placeholders.
 */

import { AwsProvider } from '@cdktn/provider-aws/lib/provider';
import { AwsConnection } from '@rolebridge/constructs/cdktn';
import { App, TerraformOutput, TerraformStack } from 'cdktn';

const { env } = process;

const app = new App();
const stack = new TerraformStack(app, 'rolebridge');
new AwsProvider(stack, 'aws', { region: env.AWS_REGION ?? 'eu-central-1' });

const connection = new AwsConnection(stack, 'vendor', {
  connectionId: env.CONNECT_CONNECTION_ID ?? 'con_0000000000000000',
  externalId: env.CONNECT_EXTERNAL_ID ?? 'the-external-id-of-your-connection',
  principal: env.CONNECT_PRINCIPAL ?? 'arn:aws:iam::123456789012:role/vendor',
  callbackUrl: env.CONNECT_CALLBACK_URL ?? 'https://vendor.example/v1/callbacks',
  permissions: 'read-only',
  scope: {
    ...(env.SCOPE_PROJECT ? { project: env.SCOPE_PROJECT } : {}),
    ...(env.SCOPE_ENVIRONMENT ? { environment: env.SCOPE_ENVIRONMENT } : {}),
    ...(env.SCOPE_ARCHITECTURE ? { architecture: env.SCOPE_ARCHITECTURE } : {}),
  },
});
new TerraformOutput(stack, 'role_arn', { value: connection.roleArn });

app.synth();
