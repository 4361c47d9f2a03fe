/** `npm run demo -- --open`: sandbox and service stay, with connections in every state, for a click through the site. */
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Express } from 'express';
import { createOrbit } from '../../examples/vendor-app/app.js';
import { callbackMessage, deprovisioned } from '../callback-message.js';
import { startVendor, type Vendor } from '../vendor.js';

export async function openDemo(): Promise<void> {
  const operatorToken = randomBytes(32).toString('hex');
  const webhookSecret = `whsec_${randomBytes(32).toString('base64')}`;
  let orbit: Express | undefined;
  const orbitServer = createServer((request, response) => orbit?.(request, response)).listen(0, '127.0.0.1');
  await once(orbitServer, 'listening');
  const orbitUrl = `http://127.0.0.1:${(orbitServer.address() as AddressInfo).port}`;
  const vendor = await startVendor({
    propagationDelayMs: 4_000,
    operatorTokenHash: createHash('sha256').update(operatorToken).digest('hex'),
    webhooks: { endpoints: [`${orbitUrl}/hooks/rolebridge`], secrets: [webhookSecret], allowsPrivate: true },
  });
  orbit = createOrbit({
    rolebridgeUrl: vendor.service.url,
    operatorToken,
    webhookSecret,
    awsEndpoint: vendor.sandbox.url,
  });
  await fillWithEveryState(vendor);
  const { body: link } = await vendor.call('POST', '/v1/sign-in-links', { expiresInSeconds: 86_400 });
  const role = await roleToPaste(vendor);
  console.log(`
The site is open, with connections in every state. This link signs you in once:

  ${link.url}

The app of a made-up vendor (examples/vendor-app), with a "Connect AWS" button:

  ${orbitUrl}/acme

Or sign in at ${vendor.service.url}/sign-in with this API key: ${vendor.apiKey}

The AWS console's link leads to the real AWS. To connect a role of the sandbox instead, begin a new connection, and run this with its
external ID; it prints the ARN to paste:

  ${role}

Ctrl-C ends it.`);
  await once(process, 'SIGINT');
  orbitServer.close();
  orbitServer.closeAllConnections();
  await vendor.close();
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
    const { arn } = sandbox.createRole(accountId, { roleName: 'rolebridge', trustPolicy });
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

async function roleToPaste({ sandbox, principal }: Vendor): Promise<string> {
  const { admin } = sandbox.createAccount();
  const policy = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"${principal}"},"Action":"sts:AssumeRole","Condition":{"StringEquals":{"sts:ExternalId":"EXTERNAL-ID"}}}]}`;
  return `AWS_ACCESS_KEY_ID=${admin.accessKeyId} AWS_SECRET_ACCESS_KEY=${admin.secretAccessKey} aws --endpoint-url ${sandbox.url} --region us-east-1 iam create-role --role-name rolebridge --query Role.Arn --output text --assume-role-policy-document '${policy}'`;
}
