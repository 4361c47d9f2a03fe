/** Use this for an account in AWS GovCloud (US): the vendor's principal there says which partition it is. */

import { AwsProvider } from '@cdktf/provider-aws/lib/provider';
import { AwsConnection } from '@rolebridge/constructs';
import { App, TerraformStack } from 'cdktf';

const app = new App();
const stack = new TerraformStack(app, 'govcloud');
new AwsProvider(stack, 'aws', { region: 'us-gov-west-1' });

new AwsConnection(stack, 'vendor', {
  connectionId: 'con_0000000000000000',
  externalId: 'the-external-id-of-your-connection',
  principal: 'arn:aws-us-gov:iam::123456789012:role/vendor',
  callbackUrl: 'https://vendor.example/v1/callbacks',
  permissions: 'read-only',
});

app.synth();
