/**
 * Use this on HCP Terraform (or any remote runner): the runs are in its workspace, and the callback secret is a
 * sensitive variable of it.
 *
 * In the workspace, set the Terraform variables `external_id` and `callback_secret` (sensitive), and the environment
 * variable CONNECT_CALLBACK_SECRET (sensitive, with the same value) so that a destroy can notify the vendor.
 * Node must be on the PATH where Terraform runs. HCP Terraform's own workers may lack it: use an agent pool whose image
 * has it, or the workspace's local execution mode.
 */

import { AwsProvider } from '@cdktf/provider-aws/lib/provider';
import { AwsConnection } from '@rolebridge/constructs';
import { App, CloudBackend, NamedCloudWorkspace, TerraformStack, TerraformVariable } from 'cdktf';

const app = new App();
const stack = new TerraformStack(app, 'hcp-terraform');
new CloudBackend(stack, {
  organization: 'your-organization',
  workspaces: new NamedCloudWorkspace('rolebridge'),
});
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
