/** The example of a vendor's app, from the click to the customer's account. */
import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createOrbit } from '../../examples/vendor-app/app.js';
import { until } from '../passing-clock.js';
import { startVendor } from '../vendor.js';
import { openWebClient } from '../web-client.js';
import { newWebhookSecret } from '../webhook-receiver.js';

const operatorToken = 'an-operator-token-of-some-length-1';

it('leads a tenant from "Connect AWS" through the page to work in its account', async () => {
  const webhookSecret = newWebhookSecret();
  let orbit: ReturnType<typeof createOrbit> | undefined;
  const server = createServer((request, response) => orbit?.(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const orbitUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const vendor = await startVendor({
    operatorTokenHash: createHash('sha256').update(operatorToken).digest('hex'),
    webhooks: { endpoints: [`${orbitUrl}/hooks/rolebridge`], secrets: [webhookSecret], allowsPrivate: true },
  });
  orbit = createOrbit({
    rolebridgeUrl: vendor.service.url,
    operatorToken,
    webhookSecret,
    awsEndpoint: vendor.sandbox.url,
  });
  const { accountId } = vendor.sandbox.createAccount();
  const shown = async (path: string) => (await fetch(orbitUrl + path)).text();
  expect(await shown('/acme')).toContain('Connect AWS');

  const clicked = await fetch(`${orbitUrl}/acme`, {
    method: 'POST',
    body: new URLSearchParams({ project: 'shop', accountId }),
    redirect: 'manual',
  });
  const link = clicked.headers.get('location') ?? '';
  expect([clicked.status, link.startsWith(`${vendor.service.url}/`)]).toEqual([303, true]);
  const browser = openWebClient(vendor.service.url);
  const opened = await browser.signInWithLink(link);
  const [, id = ''] = /connections\/(con_[a-z2-7]+)/.exec(opened.url) ?? [];
  const externalId = /rb-[a-z2-7]{48}/.exec((await browser.get(`/connections/${id}`)).text)?.[0];
  const { arn } = vendor.sandbox.createRole(accountId, {
    roleName: 'orbit',
    trustPolicy: {
      Version: '2012-10-17',
      Statement: [
        {
          Effect: 'Allow',
          Principal: { AWS: vendor.principal },
          Action: 'sts:AssumeRole',
          Condition: { StringEquals: { 'sts:ExternalId': externalId } },
        },
      ],
    },
  });
  await browser.post(`/connections/${id}/check`, { roleArn: arn });

  await until(async () => (await shown('/acme')).includes('shop</a>: connected'), 'the webhook');
  expect(await shown('/acme/shop')).toContain(`arn:aws:sts::${accountId}:assumed-role/orbit/`);
  // A forged webhook changes nothing.
  const forged = JSON.stringify({ data: { connectionId: id, status: 'failed' } });
  await fetch(`${orbitUrl}/hooks/rolebridge`, { method: 'POST', body: forged });
  expect(await shown('/acme')).toContain('shop</a>: connected');

  await vendor.close();
  server.closeAllConnections();
  server.close();
}, 60_000);
