import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  iamStatement,
  type PermissionSet,
  permissionSetSchema,
  permissionSetsOf,
} from '../../service/domain/permission-set.js';
import { changeSentence, comparePermissionSets } from '../../service/domain/permission-set-diff.js';
import { runCommand, type TerraformTool } from '../real/tools.js';
import type { Vendor } from '../vendor.js';
import { expectStatus, expectSuccess, must, say, show, step } from './steps.js';

const read = (id: string): PermissionSet =>
  permissionSetSchema.parse(JSON.parse(readFileSync(`examples/permission-sets/${id}.json`, 'utf8')));
const [first, second] = [read('deploy@1'), read('deploy@2')];

/** The vendor's sets, which can be added to while the service runs. */
export function publishedSets() {
  let sets = permissionSetsOf([first]);
  return {
    sets: { list: () => sets.list(), get: (...asked: Parameters<typeof sets.get>) => sets.get(...asked) },
    publishSecond() {
      sets = permissionSetsOf([first, second]);
    },
  };
}

/** A role that lacks a permission is refused with its reason. */
export async function refuseIncompleteRole(vendor: Vendor, accountId: string): Promise<void> {
  const connection = expectStatus(
    201,
    await vendor.call('POST', '/v1/connections', { name: 'incomplete', permissionSet: 'deploy' }),
  );
  const [missing, ...others] = first.statements.filter(({ optional }) => !optional);
  const { arn } = vendor.sandbox.createRole(accountId, {
    roleName: 'incomplete',
    trustPolicy: connection.trustPolicy,
    inlinePolicies: {
      permissions: {
        Version: '2012-10-17',
        Statement: [
          { Effect: 'Allow', Action: ['iam:GetRole', 'iam:SimulatePrincipalPolicy'], Resource: '*' },
          ...others.map((statement) => iamStatement(statement, 'Allow')),
        ],
      },
    },
  });
  const { status, body } = await step('Customer: give a role that lacks a permission', () =>
    vendor.call('PUT', `/v1/connections/${connection.id}/role`, { roleArn: arn }),
  );
  must(status === 422 && body.code === 'permissions_missing', `the service answered ${JSON.stringify(body)}`);
  must(body.detail.includes(missing?.reason), 'the reason was not quoted');
  say(`refused  ${body.code}: ${body.detail}\n→ ${body.remedy}`);
}

/** Deployed with real Terraform; a new version is shown, deployed, and the connection is proven and complete again. */
export async function upgradePermissions(
  vendor: Vendor,
  publishSecond: () => void,
  { tool, folder, environment }: { tool: TerraformTool; folder: string; environment: Record<string, string> },
): Promise<void> {
  const created = expectStatus(
    201,
    await vendor.call('POST', '/v1/connections', {
      name: 'deploy',
      scope: { project: 'deploy' },
      permissionSet: 'deploy',
    }),
  );
  const path = `/v1/connections/${created.id}`;
  const stack = join(folder, 'permission-set');
  mkdirSync(stack);
  const terraform = (...words: string[]) =>
    runCommand(tool.binary, words, {
      cwd: stack,
      env: { ...environment, CONNECT_CALLBACK_SECRET: created.callbackSecret, ...tool.env },
    });
  const deploy = async (id: string, text: string) => {
    writeFileSync(join(stack, 'main.tf'), text);
    show(
      await step(`Customer: deploy permission set ${id} (real Terraform)`, async () => {
        expectSuccess(await terraform('init', '-no-color'));
        return expectSuccess(await terraform('apply', '-auto-approve', '-no-color'));
      }),
      /\(local-exec\): (\w+: connected| {2}(Allowed|Missing) )/,
    );
    const connection = expectStatus(200, await vendor.call('GET', path));
    const { assurance, permissions, permissionSet } = connection;
    must(
      assurance === 'proven' && permissions === 'complete' && permissionSet === id,
      `the connection is ${assurance}, ${permissions}, with ${permissionSet}`,
    );
    say(`the connection is ${assurance} and ${permissions}, with ${permissionSet}`);
  };
  await deploy('deploy@1', created.roleTemplates.terraform);

  publishSecond();
  const outdated = await step('Vendor: publish deploy@2; the connected role keeps deploy@1', async () =>
    expectStatus(200, await vendor.call('POST', `${path}/verify`)),
  );
  must(
    outdated.status === 'connected' && outdated.newestPermissionSet === 'deploy@2',
    `the connection is ${outdated.status}, newest ${outdated.newestPermissionSet}`,
  );
  say(`${outdated.permissionSet}, ${outdated.newestPermissionSet} available:`);
  for (const change of comparePermissionSets(first, second)) say(changeSentence(change));
  const { roleTemplates } = expectStatus(200, await vendor.call('GET', `${path}/role-templates`));
  await deploy('deploy@2', roleTemplates.terraform);
}
