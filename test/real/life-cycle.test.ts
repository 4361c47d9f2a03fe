/**
 * Connections through their whole life, with real Terraform, the real AWS provider and the real service: after each
 * step that says `connected`, the role has its policies, the vendor says so too, and a plan is empty. Prints a table.
 */
import { cpSync, existsSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { construct, terraformModule, type Write } from './life-cycle/configurations.js';
import { type Life, startLife } from './life-cycle/life.js';
import { findTerraform, mirroredProviderVersion, notChecked, type TerraformTool } from './tools.js';

// A few dozen applies a form.
jest.setTimeout(600_000);

// The project of jest maps the one to the other.
const framework = /\bcdktn\b/.test(require.resolve('cdktf')) ? 'cdktn' : 'cdktf';
const tools = (['terraform', 'tofu'] as const).flatMap((command): [string, TerraformTool][] => {
  const tool = findTerraform(command);
  if (tool === undefined) notChecked(`the life cycle with ${command}: it is not on the PATH`);
  return tool === undefined ? [] : [[command, tool]];
});
const provider = mirroredProviderVersion(tools[0]?.[1]);
if (provider !== undefined && Number.parseInt(provider, 10) < 6)
  notChecked(`the life cycle with AWS provider 6: the mirror has ${provider}`);
const forms: [string, Write][] = [
  [`construct (${framework})`, construct],
  // The module is the same whatever the constructs run on.
  ...(framework === 'cdktf' ? [['module', terraformModule] as [string, Write]] : []),
];
const cases = tools.flatMap(([command, tool]) =>
  forms.map(([form, write]): [string, TerraformTool, Write] => [
    command === 'terraform' ? form : `${form}, ${command}`,
    tool,
    write,
  ]),
);

const withoutHash = (address: string) => address.replace(/_[0-9A-F]{8}\b/, '');

if (cases.length === 0) it.skip('the life cycle needs terraform or tofu on the PATH', () => undefined);
else
  describe.each(cases)('a connection of the %s', (kind, tool, write) => {
    let life: Life;
    beforeAll(async () => {
      life = await startLife(tool, kind, write);
    });
    afterAll(async () => {
      const head = `| form | step (AWS provider ${life.providerVersion}) | outcome | time |\n| --- | --- | --- | --- |`;
      process.stdout.write(`${head}\n${life.rows.join('\n')}\n`);
      await life.close();
    });

    test('stays connected through create, change, rename and a new path', async () => {
      await life.write();
      await life.apply();
      await life.isTrue('create');
      await life.write(
        { policies: ['ReadOnlyAccess', 'SecurityAudit'], project: 'warehouse' },
        { init: false },
      );
      await life.apply();
      await life.isTrue('change of policies and scope');
      await life.write({ path: '/vendors/' }, { init: false });
      await life.apply();
      await life.isTrue('new path: the role is replaced under its name');
    });

    test('stays connected through a rename, default tags and a move', async () => {
      await life.write({ roleName: 'VendorAccess2' });
      await life.apply('-parallelism=1');
      await life.isTrue('rename, with -parallelism=1');
      life.defaultTags = true;
      await life.write({}, { init: false });
      await life.apply();
      await life.isTrue("the provider's default_tags");
      const before = life.first.id;
      await life.write({ id: 'northwind', movedFrom: { id: before, addresses: await life.addresses() } });
      const moved = await life.apply();
      expect(moved).toMatch(/0 added, 0 changed, 0 destroyed/);
      await life.isTrue(
        write === construct ? "new id, with CDKTF's moveFromId" : 'new module name, with a moved block',
      );
      await life.write({ movedFrom: undefined }, { init: false });
    });

    test('stays connected when any resource is replaced, tainted or targeted', async () => {
      const all = await life.addresses();
      expect(all.length).toBeGreaterThanOrEqual(7);
      for (const address of all) {
        await life.apply(`-replace=${address}`);
        await life.isTrue(`-replace=${withoutHash(address)}`);
      }
      for (const address of all.filter((each) => /aws_iam_role\.|deregistration/.test(each))) {
        expect((await life.tf('taint', address)).code).toBe(0);
        await life.apply();
        await life.isTrue(`taint ${withoutHash(address)}`);
        // The rest follows in the next apply: a plan says so.
        await life.apply(`-replace=${address}`, `-target=${address}`);
        expect((await life.tf('plan', '-detailed-exitcode')).code).toBe(2);
        await life.apply();
        await life.isTrue(`-target=${withoutHash(address)}, then apply`);
      }
    });

    test('stays connected after a refused or interrupted apply', async () => {
      const { CONNECT_CALLBACK_SECRET } = life.environment;
      await life.write({ project: 'office' });
      life.environment.CONNECT_CALLBACK_SECRET = `whsec_${Buffer.alloc(32).toString('base64')}`;
      expect((await life.tf('apply', '-auto-approve')).code).toBe(1);
      life.environment.CONNECT_CALLBACK_SECRET = String(CONNECT_CALLBACK_SECRET);
      await life.apply();
      await life.isTrue('an apply that was refused, repeated');

      life.sharesProvider = false;
      await life.write({ roleName: 'VendorAccess3' });
      const { code } = await life.interrupt(/aws_iam_role\.\S+: Destruction complete/);
      expect(code).toBe(1);
      life.sharesProvider = true;
      await life.apply();
      await life.isTrue('interrupted after the old role was deleted, then apply');
    });

    test('stays connected in another folder, on another machine and without its state', async () => {
      rmSync(path.join(life.folder, 'out'), { recursive: true, force: true });
      await life.write();
      await life.isTrue('output folder deleted and written again');

      await life.write({ project: 'depot' });
      expect((await life.tf('plan', '-out=saved')).code).toBe(0);
      const elsewhere = `${life.folder}-elsewhere`;
      renameSync(life.folder, elsewhere);
      life.inFolder(elsewhere);
      await life.apply('saved');
      await life.isTrue('a saved plan, applied in another folder');

      const machine = mkdtempSync(path.join(tmpdir(), 'rolebridge-machine-'));
      cpSync(path.join(life.folder, 'terraform.tfstate'), path.join(machine, 'terraform.tfstate'));
      rmSync(life.folder, { recursive: true });
      life.folder = machine;
      life.environment.HOME = machine;
      await life.write();
      await life.isTrue('the state alone moved to another machine');
      expect(readFileSync(path.join(machine, 'terraform.tfstate'), 'utf8')).not.toContain(tmpdir());

      const role = (await life.addresses()).find((each) => /(^|\.)aws_iam_role\./.test(each)) ?? '';
      for (const name of ['terraform.tfstate', 'terraform.tfstate.backup'])
        if (existsSync(path.join(machine, name))) rmSync(path.join(machine, name));
      expect((await life.tf('import', role, life.first.roleName)).code).toBe(0);
      await life.apply();
      await life.isTrue('lost state, role imported');
    });

    test('keeps two connections in two accounts apart, even when one fails', async () => {
      const { accountId, admin } = life.vendor.sandbox.createAccount();
      const second = await life.connect('second', accountId);
      const secretName = `CONNECT_CALLBACK_SECRET_${second.id.toUpperCase()}`;
      life.sharesProvider = false;
      life.others = [{ ...life.first, id: 'second', connection: second, account: admin, project: 'second' }];
      await life.write();
      life.environment[secretName] = `whsec_${Buffer.alloc(32).toString('base64')}`;
      const failed = await life.tf('apply', '-auto-approve');
      expect([failed.code, failed.output]).toEqual([1, expect.stringContaining('callback_unauthorized')]);
      const states = async () => [await life.statusOf(life.first.connection), await life.statusOf(second)];
      expect((await states()).map(({ status }) => status)).toEqual(['connected', 'pending']);
      life.row('two connections, one of which fails', 'the other stays connected');
      life.environment[secretName] = second.callbackSecret;
      await life.apply();
      await life.isTrue('two connections in two accounts');
    });

    test('is destroyed, even without Node', async () => {
      const { PATH } = life.environment;
      life.environment.PATH = path.join(life.folder, 'nothing');
      const destroyed = await life.tf('destroy', '-auto-approve');
      expect([destroyed.code, destroyed.code === 0 ? '' : destroyed.output]).toEqual([0, '']);
      expect(destroyed.output).toContain('warning: Node or the script failed');
      if (PATH === undefined) delete life.environment.PATH;
      else life.environment.PATH = PATH;
      life.row('destroy without Node', 'a warning, and the roles go');
      life.others = [];
      life.sharesProvider = true;
      await life.write();
      await life.apply();
      await life.isTrue('create again');
      expect((await life.tf('destroy', '-auto-approve')).code).toBe(0);
      expect((await life.statusOf(life.first.connection)).status).toBe('disconnected');
      life.row('destroy', 'disconnected, nothing left');
    });
  });
