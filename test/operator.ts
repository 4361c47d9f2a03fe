import { createHash } from 'node:crypto';
import { callApi, startVendor } from './vendor.js';

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
