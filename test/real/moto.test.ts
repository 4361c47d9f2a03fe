/**
 * The same stack on moto, whose AssumeRole lets everyone into every role: the service has to find that out. It is
 * a second implementation to compare the sandbox's IAM and STS with.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createSts } from '../../service/index.js';
import { synthesize, terraformIn } from '../customer-stack.js';
import { startVendor } from '../vendor.js';
import { findCommand, findTerraform, notChecked } from './tools.js';

const moto = findCommand('moto_server');
const terraform = findTerraform();
if (!moto) notChecked('moto: there is no moto_server on the PATH');
else if (!terraform) notChecked('moto: there is no terraform on the PATH');

/** moto's default account, which owns every unknown key. */
const customerAccount = '123456789012';
const principal = 'arn:aws:iam::999988887777:role/rolebridge';
const key = { accessKeyId: 'AKIAMOTOMOTOMOTOMOTO', secretAccessKey: 'not-checked' };

let server: ChildProcess;
let url: string;
let folder: string;

(moto && terraform ? describe : describe.skip)('on moto', () => {
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'rolebridge-moto-'));
    const port = await freePort();
    url = `http://127.0.0.1:${port}`;
    server = spawn(moto ?? '', ['-H', '127.0.0.1', '-p', String(port)], {
      env: { ...process.env, MOTO_IAM_LOAD_MANAGED_POLICIES: 'true' },
      stdio: 'ignore',
    });
    await answering(url);
  });
  afterAll(async () => {
    if (server.exitCode === null) {
      const ended = new Promise((resolve) => server.once('exit', resolve));
      server.kill();
      await ended;
    }
    rmSync(folder, { recursive: true, force: true });
  });

  test('the stack is applied, and the role that needs no external ID is rejected', async () => {
    if (!terraform) throw new Error('There is no Terraform.');
    const vendor = await startVendor({
      sts: createSts({
        partitions: { aws: { region: 'us-east-1', endpoint: url, credentials: async () => key } },
      }),
      principals: new Map([['aws', principal]]),
    });
    try {
      const { body: connection } = await vendor.call('POST', '/v1/connections', { name: 'moto' });
      const environment = {
        CONNECT_CONNECTION_ID: connection.id,
        CONNECT_EXTERNAL_ID: connection.externalId,
        CONNECT_PRINCIPAL: connection.principal,
        CONNECT_CALLBACK_URL: connection.callbackUrl,
        CONNECT_CALLBACK_SECRET: connection.callbackSecret,
        AWS_ACCESS_KEY_ID: key.accessKeyId,
        AWS_SECRET_ACCESS_KEY: key.secretAccessKey,
        AWS_REGION: 'us-east-1',
        AWS_ENDPOINT_URL: url,
        AWS_EC2_METADATA_DISABLED: 'true',
      };
      const run = terraformIn(await synthesize('smallest', folder, environment), terraform, environment);
      expect(await run('init', '-no-color')).toMatchObject({ code: 0 });
      const applied = await run('apply', '-auto-approve', '-no-color');
      expect(applied.stdout).toMatch(/aws_iam_role_policy_attachment\S+ Creation complete/);
      expect(applied.stdout).toMatch(/not connected \(external_id_not_required\)/);
      expect(applied.code).not.toBe(0);

      const { body: refused } = await vendor.call('GET', `/v1/connections/${connection.id}`);
      expect(refused).toMatchObject({
        status: 'failed',
        verification: { result: 'failed', code: 'external_id_not_required' },
      });
      expect(refused.roleArn).toMatch(new RegExp(`^arn:aws:iam::${customerAccount}:role/vendor-access-`));
      // Correct answers of moto: the session's account and ARN.
      expect(
        refused.verification.checks.map((made: { name: string; outcome: string }) => [
          made.name,
          made.outcome,
        ]),
      ).toEqual([
        ['role_arn', 'passed'],
        ['not_vendor_account', 'passed'],
        ['assumable', 'passed'],
        ['account', 'passed'],
        ['external_id_required', 'failed'],
      ]);

      const destroyed = await run('destroy', '-auto-approve', '-no-color');
      expect(destroyed.code).toBe(0);
      // It was reported last and never connected: the connection expects a role again.
      expect((await vendor.call('GET', `/v1/connections/${connection.id}`)).body.status).toBe('pending');
    } finally {
      await vendor.close();
      rmSync(vendor.directory, { recursive: true, force: true });
    }
  });
});

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const probe = createServer().listen(0, '127.0.0.1', () => {
      const { port } = probe.address() as { port: number };
      probe.close(() => resolve(port));
    });
  });
}

async function answering(address: string): Promise<void> {
  const deadline = Date.now() + 60_000;
  for (;;) {
    const isUp = await fetch(`${address}/moto-api/`).then(
      ({ ok }) => ok,
      () => false,
    );
    if (isUp) return;
    if (Date.now() > deadline) throw new Error('moto_server does not answer after a minute.');
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}
