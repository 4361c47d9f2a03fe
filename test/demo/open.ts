/** `npm run demo -- --open`: sandbox and service stay, with connections in every state, for a click through the site. */
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { callbackMessage, deprovisioned } from '../callback-message.js';
import type { Vendor } from '../vendor.js';
import { startVendorApp } from '../vendor-app.js';

export async function openDemo(): Promise<void> {
  const app = await startVendorApp({ propagationDelayMs: 4_000, propagationWindowMs: 60_000 });
  const { vendor } = app;
  await fillWithEveryState(vendor);
  const { body: link } = await vendor.call('POST', '/v1/sign-in-links', { expiresInSeconds: 86_400 });
  const role = roleToPaste(vendor);
  console.log(`
The app of a fictional vendor (examples/vendor-app), with a "Connect AWS" button:

  ${app.url}/acme

The guided page, with connections in every state. This link signs you in once:

  ${link.url}

Or sign in at ${vendor.service.url}/sign-in with this API key: ${vendor.apiKey}

Links to the AWS console lead to the real AWS. To connect an account of the sandbox instead, enter the account ${role.accountId}, and create
the role with this command and the external ID that the page shows. It prints the ARN to paste:

  ${role.command}

Press Ctrl-C to stop.`);
  await once(process, 'SIGINT');
  await app.close();
  rmSync(vendor.directory, { recursive: true, force: true });
}

/** A connection in every state that a person can meet. */
export async function fillWithEveryState(vendor: Vendor): Promise<void> {
  const { sandbox } = vendor;
  const make = async (name: string, scope: object, expectedAccountId?: string) =>
    (await vendor.call('POST', '/v1/connections', { name, scope, expectedAccountId })).body;
  const trustOf = (principal: string, condition?: object) => ({
    Version: '2012-10-17',
    Statement: [
      {
        Effect: 'Allow',
        Principal: { AWS: principal },
        Action: 'sts:AssumeRole',
        ...(condition && { Condition: condition }),
      },
    ],
  });
  const delay = sandbox.propagationDelayMs;
  sandbox.propagationDelayMs = 0;
  const give = async (connection: { id: string; externalId: string }, trustPolicy: object) => {
    const { accountId } = sandbox.createAccount();
    const { arn } = sandbox.createRole(accountId, {
      roleName: 'vendor-access',
      trustPolicy,
      // As every template has it: the role may read itself.
      inlinePolicies: {
        self: {
          Version: '2012-10-17',
          Statement: [{ Effect: 'Allow', Action: 'iam:GetRole', Resource: '*' }],
        },
      },
    });
    await vendor.call('PUT', `/v1/connections/${connection.id}/role`, { roleArn: arn });
    return arn;
  };

  const production = await make('shop production', { project: 'shop', environment: 'production' });
  await give(production, production.trustPolicy);
  const everything = await make('company default', {});
  await give(everything, everything.trustPolicy);
  const open = await make('warehouse', { project: 'warehouse' });
  await give(open, trustOf(vendor.principal));
  const wildcard = await make('analytics', { project: 'analytics' });
  await give(wildcard, trustOf(vendor.principal, { StringLike: { 'sts:ExternalId': '*' } }));
  const left = await make('old shop', { project: 'old-shop' });
  const leftArn = await give(left, left.trustPolicy);
  const message = callbackMessage(left.callbackSecret, deprovisioned(left.id, leftArn));
  await fetch(`${vendor.service.url}/v1/callbacks`, { method: 'POST', ...message });
  await make('staging', { project: 'shop', environment: 'staging' }, '150276719331');
  const { admin } = sandbox.createAccount();
  await vendor.call('POST', '/v1/connections', {
    name: 'legacy reports',
    method: 'access_key',
    accessKeyId: admin.accessKeyId,
    secretAccessKey: admin.secretAccessKey,
    scope: { project: 'reports' },
  });
  sandbox.propagationDelayMs = delay;
}

/** A command that creates a role in an account of the sandbox. */
function roleToPaste({ sandbox, principal }: Vendor): { accountId: string; command: string } {
  const { accountId, admin } = sandbox.createAccount();
  const policy = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"${principal}"},"Action":"sts:AssumeRole","Condition":{"StringEquals":{"sts:ExternalId":"EXTERNAL-ID"}}}]}`;
  const aws = `AWS_ACCESS_KEY_ID=${admin.accessKeyId} AWS_SECRET_ACCESS_KEY=${admin.secretAccessKey} aws --endpoint-url ${sandbox.url} --region us-east-1 iam`;
  return {
    accountId,
    command: `${aws} create-role --role-name orbit --query Role.Arn --output text --assume-role-policy-document '${policy}'
  ${aws} attach-role-policy --role-name orbit --policy-arn arn:aws:iam::aws:policy/ReadOnlyAccess`,
  };
}
