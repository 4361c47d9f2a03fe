import { CrossAccountRole, type CrossAccountRoleProps } from '@rolebridge/constructs';
import { App, TerraformStack, TerraformVariable, Testing } from 'cdktf';
import fc from 'fast-check';
import { trustPolicy } from '../../constructs/iam/trust-policy.js';
import {
  EXTERNAL_ID,
  only,
  stackOf,
  synthesize,
  VENDOR_ROLE,
  warningsOf,
} from '../constructs/synthesized.js';

const base = { externalId: EXTERNAL_ID, principal: VENDOR_ROLE };

function trustOf(props: Partial<CrossAccountRoleProps>): unknown {
  const json = synthesize((stack) => {
    new CrossAccountRole(stack, 'role', { ...base, ...props });
  });
  return JSON.parse(only(json, 'aws_iam_role').assume_role_policy);
}

function expected(principal: unknown, action: unknown = 'sts:AssumeRole') {
  return {
    Version: '2012-10-17',
    Statement: [
      {
        Effect: 'Allow',
        Principal: { AWS: principal },
        Action: action,
        Condition: { StringEquals: { 'sts:ExternalId': EXTERNAL_ID } },
      },
    ],
  };
}

// Compared whole: a partial matcher would not see a second statement or a further principal.
describe('the exact synthesized trust policy', () => {
  test.each<[string, Partial<CrossAccountRoleProps>, unknown]>([
    ['a role', {}, expected(VENDOR_ROLE)],
    [
      'a user',
      { principal: 'arn:aws:iam::123456789012:user/a/b' },
      expected('arn:aws:iam::123456789012:user/a/b'),
    ],
    ['an account id', { principal: '123456789012' }, expected('arn:aws:iam::123456789012:root')],
    [
      'an account id in another partition',
      { principal: '123456789012', partition: 'aws-cn' },
      expected('arn:aws-cn:iam::123456789012:root'),
    ],
    [
      'an account id beside a GovCloud role',
      { principal: ['arn:aws-us-gov:iam::123456789012:role/v', '210987654321'] },
      expected(['arn:aws-us-gov:iam::123456789012:role/v', 'arn:aws-us-gov:iam::210987654321:root']),
    ],
    ['a principal given twice', { principal: [VENDOR_ROLE, VENDOR_ROLE] }, expected(VENDOR_ROLE)],
    ['session tags', { allowSessionTags: true }, expected(VENDOR_ROLE, ['sts:AssumeRole', 'sts:TagSession'])],
    [
      'tags and source identity',
      { allowSessionTags: true, allowSourceIdentity: true },
      expected(VENDOR_ROLE, ['sts:AssumeRole', 'sts:TagSession', 'sts:SetSourceIdentity']),
    ],
  ])('%s', (_name, props, policy) => {
    expect(trustOf(props)).toStrictEqual(policy);
  });
});

test('equal props produce equal text, so that a plan shows no difference', () => {
  const text = () =>
    only(
      synthesize((stack) => void new CrossAccountRole(stack, 'role', base)),
      'aws_iam_role',
    ).assume_role_policy;
  expect(text()).toBe(text());
  expect(text()).toBe(JSON.stringify(expected(VENDOR_ROLE)));
});

test('an external ID from a Terraform variable is quoted by Terraform', () => {
  const json = synthesize((stack) => {
    const variable = new TerraformVariable(stack, 'external_id', { type: 'string' });
    new CrossAccountRole(stack, 'role', { ...base, externalId: variable.stringValue });
  });
  const text: string = only(json, 'aws_iam_role').assume_role_policy;
  expect(text).toContain(`{"StringEquals":{"sts:ExternalId":\${jsonencode(var.external_id)}}}`);
});

test('any principals and external ID produce one statement with one exact condition', () => {
  const name = fc.stringMatching(/^[\w+=,.@-]{1,20}$/);
  const account = fc.stringMatching(/^[1-9][0-9]{11}$/);
  const principal = fc.oneof(
    account,
    fc.tuple(account, name).map(([id, role]) => `arn:aws:iam::${id}:role/${role}`),
  );
  fc.assert(
    fc.property(
      fc.array(principal, { minLength: 1, maxLength: 5 }),
      fc.stringMatching(/^[\w+=,.@:/-]{2,60}$/),
      fc.boolean(),
      (principals, externalId, allowSessionTags) => {
        const policy = trustPolicy({ principals, externalId, partition: 'aws', allowSessionTags });
        expect(policy.Statement).toHaveLength(1);
        expect(Object.keys(policy.Statement[0])).toEqual(['Effect', 'Principal', 'Action', 'Condition']);
        expect(policy.Statement[0].Condition).toStrictEqual({
          StringEquals: { 'sts:ExternalId': externalId },
        });
        const named = [policy.Statement[0].Principal.AWS].flat();
        expect(named).toHaveLength(new Set(principals).size);
        expect(named.every((each) => /^arn:aws:iam::\d{12}:(root|role\/.+)$/.test(each))).toBe(true);
      },
    ),
  );
});

describe('warnings for reviewers', () => {
  const warnings = (props: Partial<CrossAccountRoleProps>) =>
    warningsOf(stackOf((stack) => void new CrossAccountRole(stack, 'role', { ...base, ...props })));
  const manyRoles = Array.from(
    { length: 20 },
    (_, index) =>
      `arn:aws:iam::123456789012:role/a-role-with-a-long-name-of-the-vendor-for-a-region-${index}`,
  );

  test.each<[string, Partial<CrossAccountRoleProps>, RegExp]>([
    ['whole-account-trust', { principal: '123456789012' }, /123456789012 is a whole account/],
    ['whole-account-trust', { principal: 'arn:aws:iam::123456789012:root' }, /is a whole account/],
    ['administrator-without-boundary', { permissions: 'administrator' }, /every permission/],
    [
      'administrator-without-boundary',
      { permissions: { managedPolicies: ['arn:aws:iam::aws:policy/AdministratorAccess'] } },
      /every permission/,
    ],
    [
      'administrator-without-boundary',
      { permissions: { statements: [{ actions: ['*'], resources: ['*'] }] } },
      /every permission/,
    ],
    [
      'attached-policies-quota',
      { permissions: { managedPolicies: Array.from({ length: 11 }, (_, index) => `A${index}`) } },
      /IAM allows 10/,
    ],
    ['trust-policy-size', { principal: manyRoles }, /IAM allows 2048/],
  ])('%s, until it is acknowledged', (warning, props, text) => {
    expect(warnings(props)).toEqual([expect.stringMatching(text)]);
    expect(warnings(props)[0]).toContain(`acknowledge: ['${warning}']`);
    expect(warnings({ ...props, acknowledge: [warning as 'trust-policy-size'] })).toEqual([]);
  });

  test('none for a role with a narrow policy, none for an administrator within a boundary', () => {
    expect(warnings({ permissions: 'read-only' })).toEqual([]);
    expect(
      warnings({ permissions: 'administrator', permissionsBoundary: 'arn:aws:iam::210987654321:policy/b' }),
    ).toEqual([]);
  });

  test('a trust policy that IAM rejects does not synthesize', () => {
    const principal = [
      ...manyRoles,
      ...manyRoles.map((arn) => `${arn}-again`),
      ...manyRoles.map((arn) => `${arn}-3`),
    ];
    const stack = new TerraformStack(new App(), 'test');
    new CrossAccountRole(stack, 'role', { ...base, principal });
    expect(() => Testing.synth(stack, true)).toThrow(/IAM allows at most 4096/);
  });
});
