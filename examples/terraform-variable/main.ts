/**
 * Use this where Terraform runs with variables only and no environment of yours (a remote runner): the callback
 * secret comes from a sensitive Terraform variable. It is then in saved plan files, and in no state.
 */

import { AwsProvider } from '@cdktf/provider-aws/lib/provider';
import { AwsConnection } from '@rolebridge/constructs';
import { App, TerraformStack, TerraformVariable } from 'cdktf';

const app = new App();
const stack = new TerraformStack(app, 'terraform-variable');
new AwsProvider(stack, 'aws', { region: 'eu-central-1' });

const externalId = new TerraformVariable(stack, 'external_id', { type: 'string' });
const callbackSecret = new TerraformVariable(stack, 'callback_secret', {
  type: 'string',
  sensitive: true,
  nullable: false,
});

new AwsConnection(stack, 'vendor', {
  connectionId: 'con_0000000000000000',
  externalId: externalId.stringValue,
  principal: 'arn:aws:iam::123456789012:role/vendor',
  callbackUrl: 'https://vendor.example/v1/callbacks',
  callbackSecret,
  permissions: 'read-only',
});

app.synth();
