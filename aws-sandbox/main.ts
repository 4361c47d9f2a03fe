#!/usr/bin/env node
import { parseArgs } from 'node:util';
import { startAwsSandbox } from './server.js';

const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '4599' },
    host: { type: 'string', default: '127.0.0.1' },
    'propagation-delay-ms': { type: 'string', default: '0' },
    help: { type: 'boolean', short: 'h', default: false },
  },
});

if (values.help) {
  console.log(`A local AWS IAM and STS. Prints an endpoint and the keys of two accounts, and runs until Ctrl+C.

  --port 4599                 0 takes a free one
  --host 127.0.0.1
  --propagation-delay-ms 0    how long STS doesn't know a new role or trust policy`);
  process.exit(0);
}

const sandbox = await startAwsSandbox({
  port: Number(values.port),
  host: values.host,
  propagationDelayMs: Number(values['propagation-delay-ms']),
});
const vendor = sandbox.createAccount({ accountId: '111122223333' });
const customer = sandbox.createAccount({ accountId: '444455556666' });

const environment = (name: string, { accountId, admin }: typeof vendor) => `
# ${name}: account ${accountId}, ${admin.arn}
export AWS_ENDPOINT_URL=${sandbox.url} AWS_REGION=us-east-1 AWS_DEFAULT_REGION=us-east-1
export AWS_ACCESS_KEY_ID=${admin.accessKeyId} AWS_SECRET_ACCESS_KEY=${admin.secretAccessKey}`;

console.log(`AWS sandbox (IAM, STS): ${sandbox.url}
${environment('The vendor', vendor)}
${environment('The customer', customer)}`);

for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, () => void sandbox.close().then(() => process.exit(0)));
