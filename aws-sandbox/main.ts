#!/usr/bin/env node
import { createRequire } from 'node:module';
import { parseArgs } from 'node:util';
import { startAwsSandbox } from './server.js';

const usage = `A local AWS IAM and STS. Prints an endpoint and the keys of two accounts, and runs until Ctrl+C.

  --port 4599                 0 takes a free one
  --host 127.0.0.1
  --propagation-delay-ms 0    how long STS doesn't know a new role or trust policy
  --version
  --help`;

/** A fault of the caller: one line and no stack trace. */
function stop(message: string): never {
  console.error(`aws-sandbox: ${message} See --help.`);
  process.exit(2);
}

function readOptions() {
  try {
    return parseArgs({
      options: {
        port: { type: 'string', default: '4599' },
        host: { type: 'string', default: '127.0.0.1' },
        'propagation-delay-ms': { type: 'string', default: '0' },
        version: { type: 'boolean', short: 'v', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    }).values;
  } catch (error) {
    return stop(error instanceof Error ? error.message.replace(/\s*\n[\s\S]*/, '') : String(error));
  }
}

function wholeNumber(name: string, text: string, max: number): number {
  if (!/^\d{1,9}$/.test(text) || Number(text) > max)
    stop(`--${name} must be a whole number up to ${max}, not ${JSON.stringify(text)}.`);
  return Number(text);
}

const options = readOptions();
if (options.help || options.version) {
  const { version } = createRequire(import.meta.url)('@rolebridge/aws-sandbox/package.json');
  console.log(options.help ? usage : version);
  process.exit(0);
}

const sandbox = await startAwsSandbox({
  port: wholeNumber('port', options.port, 65_535),
  host: options.host,
  propagationDelayMs: wholeNumber('propagation-delay-ms', options['propagation-delay-ms'], 3_600_000),
}).catch((error: NodeJS.ErrnoException) =>
  stop(`can't listen on ${options.host}, port ${options.port} (${error.code ?? error.message}).`),
);
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
