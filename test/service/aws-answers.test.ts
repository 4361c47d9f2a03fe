/** Whatever IAM answers, a role is proven and complete only by an answer that says so. */
import { permissionSetSchema, permissionSetsOf } from '../../service/domain/permission-set.js';
import { roleIds } from '../aws-sandbox/index.js';
import { startVendor, type Vendor } from '../vendor.js';

const set = permissionSetSchema.parse({
  name: 'deploy',
  version: 1,
  title: 'Deploy',
  statements: [
    { sid: 'One', reason: 'One.', actions: ['ec2:DescribeInstances'], resources: ['*'] },
    { sid: 'Two', reason: 'Two.', actions: ['s3:ListAllMyBuckets'], resources: ['*'] },
  ],
});

let vendor: Vendor;
beforeAll(async () => {
  vendor = await startVendor({ permissionSets: permissionSetsOf([set]), propagationWindowMs: 100 });
});
afterAll(() => vendor.close());
afterEach(() => vendor.sandbox.faults.clear());

async function give(body: (about: { arn: string; trustPolicy: string }) => string, action: string) {
  const { body: connection } = await vendor.call('POST', '/v1/connections', {
    name: 'shop',
    permissionSet: 'deploy',
  });
  const { accountId } = vendor.sandbox.createAccount();
  const { arn } = vendor.sandbox.createRole(accountId, {
    roleName: 'role',
    trustPolicy: connection.trustPolicy,
    inlinePolicies: {
      all: { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: '*', Resource: '*' }] },
    },
  });
  const trustPolicy = JSON.stringify(connection.trustPolicy);
  vendor.sandbox.faults.set({ kind: 'garbage', action, body: body({ arn, trustPolicy }) });
  return vendor.call('PUT', `/v1/connections/${connection.id}/role`, { roleArn: arn });
}

const role = (document: string) => (about: { arn: string; trustPolicy: string }) =>
  `<GetRoleResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><GetRoleResult><Role><Path>/</Path><RoleName>role</RoleName><RoleId>${roleIds.get(about.arn)}</RoleId><Arn>${about.arn}</Arn><CreateDate>2026-01-01T00:00:00Z</CreateDate><AssumeRolePolicyDocument>${document}</AssumeRolePolicyDocument></Role></GetRoleResult><ResponseMetadata><RequestId>r</RequestId></ResponseMetadata></GetRoleResponse>`;
const encoded = (change: (policy: string) => string) => (about: { arn: string; trustPolicy: string }) =>
  role(encodeURIComponent(change(about.trustPolicy)))(about);

test('the answer as IAM gives it is proven', async () => {
  expect(
    (
      await give(
        encoded((policy) => policy),
        'GetRole',
      )
    ).body.assurance,
  ).toBe('proven');
});

test.each([
  ['encoded twice', encoded(encodeURIComponent)],
  ['not encoded at its percent sign', role('%7B%')],
  ['huge', encoded((policy) => `${policy}${' '.repeat(70_000)}`)],
  ['not JSON', encoded((policy) => policy.slice(1))],
  ['JSON of another type', encoded(() => '[]')],
  ['an unknown version', encoded((policy) => policy.replace('2012-10-17', '2031-01-01'))],
  ['a key twice', encoded((policy) => policy.replace('{"Version"', '{"Version":"2012-10-17","Version"'))],
  ['an unknown element', encoded((policy) => policy.replace('"Effect"', '"Exception":"all","Effect"'))],
  ['without a document', role('')],
  ['no role', () => '<GetRoleResponse><GetRoleResult/></GetRoleResponse>'],
  ['not XML', () => '<html>{"proxy": true}</html'],
  ['empty', () => ''],
  [
    'another role’s id',
    (about: { arn: string; trustPolicy: string }) =>
      encoded((policy) => policy)(about).replace(/AROA\w+/, 'AROAANOTHERROLE00001'),
  ],
])('GetRole: %s is never proven', async (_name, body) => {
  const answer = await give(body, 'GetRole');
  expect(answer.body.assurance).not.toBe('proven');
  // A verdict, "tested", or "not decided yet": never a fault of the service.
  expect([200, 422, 503]).toContain(answer.status);
});

test.each(['', '<a/>', '&lt;b&gt;', 'x'.repeat(100_000)])('GetRole: %.20s is no id of a role', async (id) => {
  const right = encoded((text) => text);
  const answer = await give((about) => right(about).replace(/AROA\w+/, id), 'GetRole');
  expect([200, 503]).toContain(answer.status);
  expect(answer.body.assurance).not.toBe('proven');
});

const results = (members: string, end = '<IsTruncated>false</IsTruncated>') =>
  `<SimulatePrincipalPolicyResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><SimulatePrincipalPolicyResult>${end}<EvaluationResults>${members}</EvaluationResults></SimulatePrincipalPolicyResult><ResponseMetadata><RequestId>r</RequestId></ResponseMetadata></SimulatePrincipalPolicyResponse>`;
const result = (action: string, decision: string, more = '') =>
  `<member><EvalActionName>${action}</EvalActionName><EvalResourceName>*</EvalResourceName><EvalDecision>${decision}</EvalDecision>${more}</member>`;
const both = (decision: string) =>
  result('ec2:DescribeInstances', decision) + result('s3:ListAllMyBuckets', decision);

test.each([
  ['allowed', results(both('allowed')), [200, 'complete', []]],
  ['an unknown decision', results(both('maybe')), [200, 'not_checked', ['One', 'Two']]],
  ['half of the answers', results(result('ec2:DescribeInstances', 'allowed')), [200, 'not_checked', ['Two']]],
  [
    'truncated without a marker',
    results(result('ec2:DescribeInstances', 'allowed'), '<IsTruncated>true</IsTruncated>'),
    [200, 'not_checked', ['Two']],
  ],
  [
    'pages without end',
    results(result('ec2:DescribeInstances', 'allowed'), '<IsTruncated>true</IsTruncated><Marker>m</Marker>'),
    [200, 'not_checked', ['Two']],
  ],
  [
    'other actions and resources',
    results(result('iam:PassRole', 'allowed')),
    [200, 'not_checked', ['One', 'Two']],
  ],
  [
    'denied for want of a context value',
    results(
      both('implicitDeny').replaceAll(
        '</EvalDecision>',
        '</EvalDecision><MissingContextValues><member>aws:SourceIp</member></MissingContextValues>',
      ),
    ),
    [200, 'not_checked', ['One', 'Two']],
  ],
  ['no results', results(''), [200, 'not_checked', ['One', 'Two']]],
  ['a decision of another type', results(both('<b/>')), [200, 'not_checked', ['One', 'Two']]],
  ['huge texts', results(result('a'.repeat(5_000), 'allowed')), [200, 'not_checked', ['One', 'Two']]],
  ['not XML', '{"EvaluationResults": []}', [200, 'not_checked', ['One', 'Two']]],
  ['empty', '', [200, 'not_checked', ['One', 'Two']]],
  ['denied', results(both('implicitDeny')), [422, undefined, undefined]],
])('SimulatePrincipalPolicy: %s', async (_name, body, expected) => {
  const answer = await give(() => body, 'SimulatePrincipalPolicy');
  const report = answer.body.verification?.permissions;
  expect([
    answer.status,
    answer.body.permissions,
    report?.notChecked.map(({ sid }: { sid: string }) => sid),
  ]).toEqual(expected);
});

const wrongValues = ['', '<a><b/></a>', '&lt;script&gt;', 'x'.repeat(100_000)];
const members: Record<string, (value: string) => string> = {
  EvalActionName: (value) => result('s3:ListAllMyBuckets', 'allowed').replace('s3:ListAllMyBuckets', value),
  EvalResourceName: (value) => result('s3:ListAllMyBuckets', 'allowed').replace('>*<', () => `>${value}<`),
  EvalDecision: (value) => result('s3:ListAllMyBuckets', value),
  MissingContextValues: (value) =>
    result('s3:ListAllMyBuckets', 'x', `<MissingContextValues>${value}</MissingContextValues>`),
  OrganizationsDecisionDetail: (value) =>
    result('s3:ListAllMyBuckets', 'x', `<OrganizationsDecisionDetail>${value}</OrganizationsDecisionDetail>`),
  PermissionsBoundaryDecisionDetail: (value) =>
    result(
      's3:ListAllMyBuckets',
      'x',
      `<PermissionsBoundaryDecisionDetail>${value}</PermissionsBoundaryDecisionDetail>`,
    ),
  ResourceSpecificResults: (value) =>
    result('s3:ListAllMyBuckets', 'x', `<ResourceSpecificResults>${value}</ResourceSpecificResults>`),
};
test.each(Object.entries(members))(
  'SimulatePrincipalPolicy: wrong values of %s',
  async (_name, resultWith) => {
    for (const value of wrongValues) {
      const allowed = result('ec2:DescribeInstances', 'allowed');
      const answer = await give(() => results(allowed + resultWith(value)), 'SimulatePrincipalPolicy');
      vendor.sandbox.faults.clear();
      expect([answer.status, answer.body.permissions]).toEqual([200, 'not_checked']);
    }
  },
);

test.each([
  '<IsTruncated>maybe</IsTruncated>',
  '<IsTruncated>true</IsTruncated><Marker></Marker>',
  '<Marker><a/></Marker>',
])('SimulatePrincipalPolicy: a page that ends with %s is no whole answer', async (end) => {
  const one = result('ec2:DescribeInstances', 'allowed');
  const answer = await give(() => results(one, end), 'SimulatePrincipalPolicy');
  expect([answer.status, answer.body.permissions]).toEqual([200, 'not_checked']);
});
