import { createSts } from '../../service/index.js';
import { startAwsSandbox } from '../aws-sandbox/index.js';
import { startVendor } from '../vendor.js';

/** A vendor whose service runs as a role, and one connection to a role that allows twelve hours. */
async function chainedVendor() {
  const aws = await startAwsSandbox();
  const own = aws.createAccount();
  const { arn: principal } = aws.createRole(own.accountId, {
    roleName: 'service',
    trustPolicy: {
      Version: '2012-10-17',
      Statement: [{ Effect: 'Allow', Action: 'sts:AssumeRole', Principal: { AWS: own.accountId } }],
    },
  });
  const credentials = aws.createRoleSession(principal);
  const vendor = await startVendor({
    sts: createSts({ partitions: { aws: { endpoint: aws.url, credentials: async () => credentials } } }),
    principals: new Map([['aws', principal]]),
  });
  const { body: connection } = await vendor.call('POST', '/v1/connections', { name: 'c', scope: {} });
  const { arn } = aws.createRole(aws.createAccount().accountId, {
    roleName: 'customer',
    maxSessionDuration: 43_200,
    trustPolicy: connection.trustPolicy,
  });
  await vendor.call('PUT', `/v1/connections/${connection.id}/role`, { roleArn: arn });
  const first = aws.requests.length;
  return {
    aws,
    vendor,
    requests: () => aws.requests.slice(first),
    async close() {
      await vendor.close();
      await aws.close();
    },
  };
}

it('a service that runs as a role issues one hour, and explains the limit', async () => {
  const { vendor, requests, close } = await chainedVendor();
  const refused = await vendor.call('POST', '/v1/credentials', { durationSeconds: 3601 });
  expect([refused.status, refused.body.code]).toEqual([422, 'duration_too_long']);
  expect(refused.body.detail).toContain('role chaining');
  expect(refused.body.maximumDurationSeconds).toBe(3600);
  expect(requests().map(({ action }) => action)).toEqual(['GetCallerIdentity']);
  expect((await vendor.call('POST', '/v1/credentials', { durationSeconds: 7200 })).status).toBe(422);
  expect((await vendor.call('POST', '/v1/credentials', {})).status).toBe(200);
  expect((await vendor.call('POST', '/v1/credentials', { durationSeconds: 3600 })).status).toBe(200);
  expect(requests().filter(({ action }) => action === 'GetCallerIdentity')).toHaveLength(1);
  await close();
});

it("explains it even when AWS doesn't return the service's identity", async () => {
  const { aws, vendor, close } = await chainedVendor();
  aws.faults.set({ kind: 'throttle', action: 'GetCallerIdentity' });
  const refused = await vendor.call('POST', '/v1/credentials', { durationSeconds: 43_200 });
  expect(refused.body.detail).toContain('role chaining');
  await close();
});

it('is logged at start', async () => {
  const { vendor, close } = await chainedVendor();
  await vendor.service.learnRoleChaining();
  expect(vendor.logs.join('')).toContain('role chaining');
  await close();
});
