import { createHash } from 'node:crypto';
import { callApi, startVendor, type Vendor } from './vendor.js';

const token = 'the-operator-token-of-the-tests-1';

/** A vendor with an operator's token, and calls as the operator. */
export async function startOperator(options: Parameters<typeof startVendor>[0] = {}) {
  const vendor = await startVendor({
    operatorTokenHash: createHash('sha256').update(token).digest('hex'),
    ...options,
  });
  const operate = (method: string, path: string, body?: unknown) =>
    callApi(vendor.service.url, token, method, path, body);
  return {
    ...vendor,
    token,
    operate,
    /** The answer of `GET …/export` line by line. */
    async exported(id: string): Promise<{ kind: string; value: Record<string, unknown> }[]> {
      const response = await fetch(`${vendor.service.url}/v1/organizations/${id}/export`, {
        headers: { authorization: `Bearer ${token}` },
      });
      const text = await response.text();
      return text
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line));
    },
  };
}

export type OperatedVendor = Awaited<ReturnType<typeof startOperator>>;

/** A connection of another organization; without a condition its role is open to every customer. */
export async function connectIn(vendor: Vendor, organization: string, name: string, isSafe: boolean) {
  const { apiKey } = await vendor.service.createOrganization(organization);
  const { accountId } = vendor.sandbox.createAccount();
  const { body } = await callApi(vendor.service.url, apiKey, 'POST', '/v1/connections', {
    name,
    expectedAccountId: accountId,
  });
  const trustPolicy = isSafe
    ? body.trustPolicy
    : {
        Version: '2012-10-17',
        Statement: [{ Effect: 'Allow', Principal: { AWS: vendor.principal }, Action: 'sts:AssumeRole' }],
      };
  const roleArn = vendor.sandbox.createRole(accountId, { roleName: name, trustPolicy }).arn;
  await callApi(vendor.service.url, apiKey, 'PUT', `/v1/connections/${body.id}/role`, { roleArn });
  return { id: body.id as string, accountId };
}
