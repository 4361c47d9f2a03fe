import type { Connection, RoleTrust } from '../domain/connection.js';

/** A whole `main.ts` for the customer's CDKTF project; every value is a JSON string, so none can end its quotes. */
export function constructSnippet(values: {
  connection: Connection;
  trust: RoleTrust;
  principal: string;
  callbackUrl: string;
}): string {
  const { connection, trust, principal, callbackUrl } = values;
  // One that moves to a role keeps its scopes, and a stack names one at most.
  const scope = connection.method === 'assume_role' ? connection.scopes[0] : undefined;
  const line = (name: string, value: unknown) => `  ${name}: ${JSON.stringify(value)},\n`;
  return `import { AwsProvider } from '@cdktf/provider-aws/lib/provider';
import { AwsConnection } from '@rolebridge/constructs';
import { App, TerraformStack } from 'cdktf';

const app = new App();
const stack = new TerraformStack(app, 'rolebridge');
new AwsProvider(stack, 'aws', { region: ${JSON.stringify(regions[connection.partition] ?? regions.aws)} });
new AwsConnection(stack, 'connection', {
${line('connectionId', connection.id)}${line('externalId', trust.externalId)}${line('principal', principal)}${line('callbackUrl', callbackUrl)}${
  connection.expectedAccountId === undefined ? '' : line('expectedAccountId', connection.expectedAccountId)
}${scope === undefined ? '' : line('scope', scope)}  permissions: 'read-only',
});
app.synth();
`;
}

const regions: Record<string, string> = {
  aws: 'us-east-1',
  'aws-us-gov': 'us-gov-west-1',
  'aws-cn': 'cn-north-1',
  'aws-eusc': 'eusc-de-east-1',
};
