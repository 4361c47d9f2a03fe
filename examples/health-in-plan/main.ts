/**
 * Use this to see in every plan whether the connection still works: a broken one is a warning with its reason, and
 * stops nothing.
 *
 * Set TF_VAR_status_token to the status token from the vendor's page; it reads this status and nothing else.
 */

import { AwsProvider } from '@cdktf/provider-aws/lib/provider';
import { AwsConnection } from '@rolebridge/constructs';
import { App, TerraformOutput, TerraformStack, TerraformVariable } from 'cdktf';

const app = new App();
const stack = new TerraformStack(app, 'health-in-plan');
new AwsProvider(stack, 'aws', { region: 'eu-central-1' });

const statusToken = new TerraformVariable(stack, 'status_token', { type: 'string', sensitive: true });

const connection = new AwsConnection(stack, 'vendor', {
  connectionId: 'con_0000000000000000',
  externalId: 'the-external-id-of-your-connection',
  principal: 'arn:aws:iam::123456789012:role/vendor',
  callbackUrl: 'https://vendor.example/v1/callbacks',
  permissions: 'read-only',
  health: { statusToken },
});
new TerraformOutput(stack, 'account_id', { value: connection.accountId });
new TerraformOutput(stack, 'status_url', { value: connection.statusUrl });

app.synth();
