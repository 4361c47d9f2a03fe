/** Runs the callback script as Terraform does: a separate process with only the environment. */
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import path from 'node:path';
import { type Received, startVendor, type Vendor, type VendorAnswer } from './vendor.js';

const SCRIPT = path.resolve('constructs/callback-script/rolebridge-callback.cjs');
export const SECRET = `whsec_${randomBytes(32).toString('base64')}`;
export const ROLE_ID = 'AROA2QXYZEXAMPLE00001';
export const ROLE_ARN = 'arn:aws:iam::210987654321:role/vendor/rolebridge';

export const destroy = {
  CONNECT_EVENT: 'role.deprovisioned',
  CONNECT_SCOPE: '',
  CONNECT_DEADLINE_SECONDS: '2',
};

export const problem = (status: number, body: Record<string, unknown>): VendorAnswer => ({
  status,
  body,
  headers: { 'content-type': 'application/problem+json' },
});

let vendor: Vendor | undefined;

/** After each test: the next one gets a new vendor. */
export async function closeVendor(): Promise<void> {
  await vendor?.close();
  vendor = undefined;
}

interface Outcome {
  readonly code: number | null;
  readonly output: string;
  readonly received: readonly Received[];
  readonly tookMs: number;
}

/** The vendor of the first run in a test answers all of its runs. */
export async function run(
  answer: (received: Received, before: number) => VendorAnswer | Promise<VendorAnswer>,
  environment: Record<string, string> = {},
): Promise<Outcome> {
  vendor ??= await startVendor(answer);
  const started = Date.now();
  const child = spawn(process.execPath, [SCRIPT], {
    env: {
      PATH: process.env.PATH,
      CONNECT_EVENT: 'role.provisioned',
      CONNECT_LABEL: 'northwind',
      CONNECT_CALLBACK_URL: vendor.url,
      CONNECT_CONNECTION_ID: 'con_8f3kQz',
      CONNECT_ROLE_ARN: ROLE_ARN,
      CONNECT_ROLE_ID: ROLE_ID,
      CONNECT_SCOPE: '{"project":"shop","environment":"production"}',
      CONNECT_DEADLINE_SECONDS: '20',
      CONNECT_CALLBACK_SECRET: SECRET,
      ...environment,
    },
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk) => {
      output += chunk;
    });
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve));
  const { received } = vendor;
  // Terraform wraps wider lines. A value that is longer than a line is in one piece.
  for (const line of output.split('\n'))
    if (!/\S{60}/.test(line)) expect([line, line.length <= 78]).toEqual([line, true]);
  // Never, whatever happens.
  for (const secret of [SECRET, SECRET.slice(6)]) expect(output).not.toContain(secret);
  for (const { headers } of received)
    expect(output).not.toContain(String(headers['webhook-signature']).replace('v1,', ''));
  return { code, output, received, tookMs: Date.now() - started };
}
