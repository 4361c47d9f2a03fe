import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { AwsConnection, PermissionSet } from '@rolebridge/constructs';
import { callbackOf, only, synthesize, validProps } from '../constructs/synthesized.js';

const folder = mkdtempSync(path.join(tmpdir(), 'rolebridge-set-'));
afterAll(() => rmSync(folder, { recursive: true }));

const statement = {
  sid: 'Inventory',
  reason: 'Draws what exists.',
  actions: ['ec2:Describe*'],
  resources: ['*'],
};
const set = {
  name: 'deploy',
  version: 3,
  title: 'Deploy',
  statements: [statement, { ...statement, sid: 'Cost', actions: ['ce:GetCostAndUsage'], optional: true }],
  managedPolicies: ['ReadOnlyAccess'],
  denies: [{ ...statement, sid: 'NoData', actions: ['s3:GetObject'] }],
};

function file(value: unknown): string {
  const name = path.join(folder, 'set.json');
  writeFileSync(name, typeof value === 'string' ? value : JSON.stringify(value));
  return name;
}

const synthesized = (permissions: PermissionSet) =>
  synthesize(
    (stack) => void new AwsConnection(stack, 'vendor', { ...validProps, permissions, selfInspection: false }),
  );

test.each([
  [[], ['Allow Inventory', 'Allow Cost', 'Deny NoData']],
  [['Cost'], ['Allow Inventory', 'Deny NoData']],
])('creates exactly the set without %j, and reports it', (without, statements) => {
  const json = synthesized(PermissionSet.fromFile(file(set), { without }));
  const policy = JSON.parse(only(json, 'aws_iam_role_policy').policy);
  expect(policy.Statement.map(({ Effect, Sid }: Record<string, string>) => `${Effect} ${Sid}`)).toEqual(
    statements,
  );
  expect(only(json, 'aws_iam_role_policy_attachment').policy_arn).toBe(
    'arn:aws:iam::aws:policy/ReadOnlyAccess',
  );
  const { registrationProvisioner, registration } = callbackOf(json);
  expect(registrationProvisioner.environment).toMatchObject({
    CONNECT_PERMISSION_SET: 'deploy@3',
    CONNECT_WITHOUT: without.join(','),
  });
  expect(registration.triggers_replace.permission_set).toBe(['deploy@3', ...without].join(' '));
});

test('a set above the inline policy limit is completed by managed policies', () => {
  const many = Array.from({ length: 120 }, (_, index) => ({
    ...statement,
    sid: `S${index}`,
    actions: [`ec2:${'A'.repeat(100)}${index}`],
  }));
  const json = synthesized(PermissionSet.fromFile(file({ ...set, statements: many, denies: [] })));
  const inline = only(json, 'aws_iam_role_policy').policy;
  const managed = Object.values(json.resource.aws_iam_policy ?? {}).map(({ policy }) => policy);
  expect(inline.length).toBeLessThanOrEqual(10_240);
  for (const policy of managed) expect(policy.length).toBeLessThanOrEqual(6_144);
  const sids = [inline, ...managed].flatMap((policy) =>
    JSON.parse(policy).Statement.map(({ Sid }: { Sid: string }) => Sid),
  );
  expect(sids).toEqual(many.map(({ sid }) => sid));
  expect(Object.keys(json.resource.aws_iam_role_policy_attachment ?? {})).toHaveLength(1 + managed.length);
});

test.each(['read@1', 'deploy@1', 'deploy@2'])('accepts the example %s', (name) => {
  const example = `examples/permission-sets/${name}.json`;
  expect(PermissionSet.fromFile(example).id).toBe(name);
  expect(JSON.parse(readFileSync(example, 'utf8')).name).toBe(name.split('@')[0]);
});

test.each<[unknown, RegExp]>([
  ['{', /can't be read/],
  [[], /must be a JSON object/],
  [{ ...set, name: 'Deploy' }, /name must be/],
  [{ ...set, version: '3' }, /version must be/],
  [{ ...set, version: 0 }, /version must be/],
  [{ ...set, statements: {} }, /statements must be a list/],
  [{ ...set, denies: 'x' }, /denies must be a list/],
  [{ ...set, managedPolicies: [7] }, /managedPolicies: 7/],
  [{ ...set, managedPolicies: ['a b'] }, /managedPolicies: "a b"/],
  [{ ...set, statements: [null] }, /statement 1 must be an object/],
  [{ ...set, statements: [{ ...statement, sid: 'a b' }] }, /a b: sid must be/],
  [{ ...set, statements: [{ ...statement, reason: '' }] }, /Inventory: reason is missing/],
  [{ ...set, statements: [{ ...statement, actions: [] }] }, /Inventory: actions must be/],
  [{ ...set, statements: [{ ...statement, resources: [1] }] }, /Inventory: resources must be/],
  [{ ...set, statements: [{ ...statement, conditions: [] }] }, /Inventory: conditions must be/],
  [{ ...set, statements: [statement, statement] }, /Inventory: sid must be unique/],
  [{ ...set, statements: [{ ...statement, check: [] }] }, /Inventory: check must be/],
  [
    { ...set, statements: [{ ...statement, check: { actions: 's3:GetObject' } }] },
    /Inventory: check must be/,
  ],
  [
    { ...set, statements: [{ ...statement, check: { actions: ['s3:GetObject'], context: { key: {} } } }] },
    /Inventory: check must be/,
  ],
])('refuses %j', (value, text) => {
  expect(() => PermissionSet.fromFile(file(value))).toThrow(text);
});

test.each(['Inventory', 'NoData', 'Nothing'])('excludes optional statements only: not %s', (sid) => {
  expect(() => PermissionSet.fromFile(file(set), { without: [sid] })).toThrow(`without: "${sid}"`);
});
