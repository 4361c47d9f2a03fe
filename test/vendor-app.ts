/** The example vendor's app with a service of its brand, on two sites: the app on localhost, the service on 127.0.0.1. */
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Express } from 'express';
import { createOrbit } from '../examples/vendor-app/app.js';
import { defaultBrand } from '../service/web/brand.js';
import { startVendor } from './vendor.js';

/** Orbit's violet. */
const colors = { accent: '#4b2fb8', onAccent: '#ffffff', accentDark: '#b7a6ff', onAccentDark: '#150d33' };

export async function startVendorApp(options: Parameters<typeof startVendor>[0] = {}) {
  const operatorToken = randomBytes(32).toString('hex');
  const webhookSecret = `whsec_${randomBytes(32).toString('base64')}`;
  let app: Express | undefined;
  const server = createServer((request, response) => app?.(request, response)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const url = `http://localhost:${port}`;
  const vendor = await startVendor({
    operatorTokenHash: createHash('sha256').update(operatorToken).digest('hex'),
    webhooks: {
      endpoints: [`http://127.0.0.1:${port}/hooks/rolebridge`],
      secrets: [webhookSecret],
      allowsPrivate: true,
    },
    brand: { ...defaultBrand, name: 'Orbit', colors, embedOrigins: [url] },
    ...options,
  });
  app = createOrbit({
    rolebridgeUrl: vendor.service.url,
    operatorToken,
    webhookSecret,
    awsEndpoint: vendor.sandbox.url,
  });
  return {
    url,
    vendor,
    /** The role that a tenant creates for a connection; its ARN. */
    createRole: (accountId: string, externalId: string | undefined): string =>
      vendor.sandbox.createRole(accountId, {
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
        managedPolicyArns: ['arn:aws:iam::aws:policy/ReadOnlyAccess'],
      }).arn,
    async close() {
      server.closeAllConnections();
      server.close();
      await vendor.close();
    },
  };
}
