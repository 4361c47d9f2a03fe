/**
 * Use this to connect every account of a list, such as those of an organizational unit: one aliased provider, one
 * connection and one scope for each, from one stack.
 *
 * Replace the list with the output of your account vending, with the connection that the vendor created for each
 * account. Terraform reaches an account through the role that AWS Organizations creates in it. Each connection has its own secret:
 * CONNECT_CALLBACK_SECRET_<CONNECTION ID IN CAPITALS>.
 */

import { AwsProvider } from '@cdktf/provider-aws/lib/provider';
import { AwsConnection } from '@rolebridge/constructs';
import { App, TerraformStack } from 'cdktf';

const accounts = [
  {
    id: '210987654321',
    environment: 'production',
    connectionId: 'con_production00',
    externalId: 'id-of-prod',
  },
  {
    id: '321098765432',
    environment: 'staging',
    connectionId: 'con_staging0000',
    externalId: 'id-of-staging',
  },
  {
    id: '432109876543',
    environment: 'sandbox',
    connectionId: 'con_sandbox0000',
    externalId: 'id-of-sandbox',
  },
];

const app = new App();
const stack = new TerraformStack(app, 'many-accounts');

for (const { id, environment, connectionId, externalId } of accounts) {
  const provider = new AwsProvider(stack, `aws-${environment}`, {
    alias: environment,
    region: 'eu-central-1',
    assumeRole: [{ roleArn: `arn:aws:iam::${id}:role/OrganizationAccountAccessRole` }],
    allowedAccountIds: [id],
  });
  new AwsConnection(stack, environment, {
    provider,
    expectedAccountId: id,
    connectionId,
    externalId,
    principal: 'arn:aws:iam::123456789012:role/vendor',
    callbackUrl: 'https://vendor.example/v1/callbacks',
    permissions: 'read-only',
    scope: { project: 'shop', environment },
  });
}

app.synth();
