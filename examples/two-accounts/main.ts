/**
 * Use this to connect several AWS accounts from one stack: one aliased provider and one connection for each.
 *
 * Each connection has its own secret: CONNECT_CALLBACK_SECRET_CON_STAGING0000 and
 * CONNECT_CALLBACK_SECRET_CON_PRODUCTION00.
 */

import { AwsProvider } from '@cdktf/provider-aws/lib/provider';
import { AwsConnection } from '@rolebridge/constructs';
import { App, TerraformStack } from 'cdktf';

const vendor = {
  principal: 'arn:aws:iam::123456789012:role/vendor',
  callbackUrl: 'https://vendor.example/v1/callbacks',
  permissions: 'power-user',
} as const;

const app = new App();
const stack = new TerraformStack(app, 'two-accounts');
const staging = new AwsProvider(stack, 'staging', {
  alias: 'staging',
  region: 'eu-central-1',
  profile: 'staging',
});
const production = new AwsProvider(stack, 'production', {
  alias: 'production',
  region: 'eu-central-1',
  profile: 'production',
});

new AwsConnection(stack, 'vendor-staging', {
  ...vendor,
  provider: staging,
  expectedAccountId: '210987654321',
  connectionId: 'con_staging0000',
  externalId: 'the-external-id-of-staging',
  scope: { project: 'shop', environment: 'staging' },
});
new AwsConnection(stack, 'vendor-production', {
  ...vendor,
  provider: production,
  expectedAccountId: '321098765432',
  connectionId: 'con_production00',
  externalId: 'the-external-id-of-production',
  scope: { project: 'shop', environment: 'production' },
});

app.synth();
