/**
 * The external ID is changed by real Terraform, while credentials are asked for ten times a second. AWS, the sandbox, takes
 * a while to know a changed trust policy.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type CustomerEnvironment, synthesize, terraformIn } from '../customer-stack.js';
import { startVendor } from '../vendor.js';
import { findTerraform, notChecked } from './tools.js';

const terraform = findTerraform();
const check = terraform ? test : test.skip;
if (!terraform)
  notChecked('the change of an external ID with real Terraform: there is no terraform on the PATH');

check(
  'no request for credentials fails during the whole change, cached or not',
  async () => {
    if (!terraform) throw new Error('There is no Terraform.');
    const vendor = await startVendor({ propagationDelayMs: 1_500, propagationWindowMs: 20_000 });
    const folder = mkdtempSync(join(tmpdir(), 'rolebridge-rotation-'));
    try {
      const customer = vendor.sandbox.createAccount();
      const { body: connection } = await vendor.call('POST', '/v1/connections', { name: 'shop', scope: {} });
      const path = `/v1/connections/${connection.id}`;
      const environment = (externalId: string): CustomerEnvironment => ({
        CONNECT_CONNECTION_ID: connection.id,
        CONNECT_EXTERNAL_ID: externalId,
        CONNECT_PRINCIPAL: connection.principal,
        CONNECT_CALLBACK_URL: connection.callbackUrl,
        CONNECT_CALLBACK_SECRET: connection.callbackSecret,
        AWS_ACCESS_KEY_ID: customer.admin.accessKeyId,
        AWS_SECRET_ACCESS_KEY: customer.admin.secretAccessKey,
        AWS_REGION: 'us-east-1',
        AWS_ENDPOINT_URL: vendor.sandbox.url,
        AWS_EC2_METADATA_DISABLED: 'true',
      });
      const apply = async (externalId: string) => {
        const values = environment(externalId);
        const run = terraformIn(await synthesize('smallest', folder, values), terraform, values);
        expect(await run('init', '-no-color')).toMatchObject({ code: 0 });
        const { code, stdout, stderr } = await run('apply', '-auto-approve', '-no-color');
        return { code, output: stdout + stderr };
      };
      expect(await apply(connection.externalId)).toMatchObject({ code: 0 });

      const answers: { status: number; code?: string; at: number }[] = [];
      const pending: Promise<void>[] = [];
      let count = 0;
      const ask = (body: object) =>
        pending.push(
          vendor
            .call('POST', '/v1/credentials', body)
            .then(
              ({ status, body: answer }) => void answers.push({ status, code: answer.code, at: Date.now() }),
            ),
        );
      const asking = setInterval(() => {
        ask({});
        ask({ sessionName: `uncached-${count++}`, durationSeconds: 900 + (count % 2_000) });
      }, 100);
      try {
        const { body: rotation } = await vendor.call('POST', `${path}/rotate-external-id`, {});
        const applied = await apply(rotation.externalId);
        expect(applied.output).toMatch(/0 to destroy|1 changed/);
        expect(applied.output).toMatch(/connected to \d+/);
        expect(applied.code).toBe(0);
        const changed = (await vendor.call('GET', path)).body;
        expect(changed).toMatchObject({ status: 'connected', externalId: rotation.externalId });
        expect(changed).not.toHaveProperty('pendingExternalId');
        expect(changed.verification.checks.map(({ name }: { name: string }) => name)).toContain(
          'previous_external_id',
        );
        // The role and nothing else was changed, in place.
        const iam = vendor.sandbox.requests.map(({ action }) => action);
        expect(iam.filter((action) => action === 'CreateRole')).toHaveLength(1);
        expect(iam.filter((action) => action === 'UpdateAssumeRolePolicy')).toHaveLength(1);
      } finally {
        clearInterval(asking);
      }
      await Promise.all(pending);
      expect(answers.filter(({ status }) => status !== 200)).toEqual([]);
      expect(answers.length).toBeGreaterThan(100);
      const calls = vendor.sandbox.requests.filter(({ action }) => action === 'AssumeRole').length;
      console.log(
        `${answers.length} requests for credentials, ${count} of them uncached, none failed; ${calls} AssumeRole calls`,
      );
    } finally {
      await vendor.close();
      rmSync(folder, { recursive: true, force: true });
    }
  },
  180_000,
);
