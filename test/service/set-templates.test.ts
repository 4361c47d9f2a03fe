/** Permission sets of any size and text in the templates: escaped values, and exactly the set. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type DefaultTreeAdapterTypes, parse } from 'parse5';
import { parse as parseYaml } from 'yaml';
import {
  iamStatement,
  type PermissionSet,
  permissionSetSchema,
  permissionSetsOf,
} from '../../service/domain/permission-set.js';
import { evaluate } from '../templates/cloudformation.js';
import { hostileSets, setWithEveryMember } from '../templates/hostile-sets.js';
import { startVendor, type Vendor } from '../vendor.js';
import { openWebClient, type WebClient } from '../web-client.js';

const large = permissionSetSchema.parse({
  ...setWithEveryMember(),
  name: 'large',
  statements: Array.from({ length: 6 }, (_, at) => ({
    sid: `Much${at}`,
    reason: `Reads ${at}.`,
    optional: at === 5,
    actions: Array.from({ length: 80 }, (__, n) => `s3:GetSomething${at}Number${n}`),
    resources: ['*'],
  })),
  managedPolicies: ['job-function/ViewOnlyAccess'],
  denies: [],
});
const hostile = hostileSets();
const bucket = 'https://bucket.s3.us-east-1.amazonaws.com';

let vendor: Vendor;
let browser: WebClient;
beforeAll(async () => {
  vendor = await startVendor({
    permissionSets: permissionSetsOf([large, ...hostile]),
    templateUrl: `${bucket}/presets.yaml`,
    permissionSetTemplateUrl: `${bucket}/{set}.yaml`,
  });
  browser = openWebClient(vendor.service.url);
  await browser.signIn(vendor.apiKey);
});
afterAll(() => vendor.close());

const create = async (permissionSet: string, more: object = {}) =>
  (
    await vendor.call('POST', '/v1/connections', {
      name: 'shop',
      permissionSet,
      expectedAccountId: '210987654321',
      ...more,
    })
  ).body;
const expectedOf = (set: PermissionSet) => [
  ...set.statements.map((statement) => iamStatement(statement, 'Allow')),
  ...set.denies.map((denial) => iamStatement(denial, 'Deny')),
];

/** The statements in CloudFormation's policies of the set. */
function statementsIn(template: string, externalId: string) {
  const { resources } = evaluate(parseYaml(template), {
    accountId: '210987654321',
    parameters: { ExternalId: externalId },
  });
  const policies = Object.keys(resources).filter((name) => name.startsWith('Permissions'));
  return {
    resources,
    statements: policies.flatMap((name) => resources[name].Properties.PolicyDocument.Statement),
  };
}

test('the one file of Terraform has each value once: a changed local changes the role', async () => {
  const { body } = await vendor.call('POST', '/v1/connections', { name: 'once' });
  for (const value of [body.externalId, body.principal])
    expect(body.roleTemplates.terraform.split(`"${value}"`)).toHaveLength(2);
});

test("a set above the inline policy quota: the console's steps create managed policies for the rest", async () => {
  const { id, roleTemplates } = await create('large');
  const texts: string[] = [roleTemplates.consolePolicy, ...roleTemplates.consoleManagedPolicies];
  const [[self, ...inline], ...managed] = texts.map((text) => JSON.parse(text).Statement);
  expect(self.Sid).toBe('SelfInspection');
  expect([...inline, ...managed.flat()]).toEqual(expectedOf(large));
  // IAM counts no white space.
  const lengths = texts.map((text) => JSON.stringify(JSON.parse(text)).length);
  expect(lengths[0]).toBeLessThanOrEqual(10_240);
  for (const length of lengths.slice(1)) expect(length).toBeLessThanOrEqual(6_144);
  const page = await browser.get(`/connections/${id}/setup?step=role&format=console`);
  const bare = (text: string) => text.replace(/\s/g, '');
  const shown = textsOf(page.text, 'pre').map(bare);
  expect(texts.map((text) => shown.includes(bare(text)))).toEqual(texts.map(() => true));
});

test('a quick-create link opens the vendor’s copy for this version, which creates exactly the set', async () => {
  const connection = await create('large');
  const { hash } = new URL(connection.roleTemplates.cloudFormationLink);
  const values = Object.fromEntries(new URLSearchParams(hash.slice(hash.indexOf('?'))));
  expect(values).toMatchObject({
    templateURL: `${bucket}/large@1.yaml`,
    param_ExternalId: connection.externalId,
  });
  const copy = await fetch(`${vendor.service.url}/v1/permission-sets/large/1/cloudformation.yaml`);
  const { resources, statements } = statementsIn(await copy.text(), connection.externalId);
  expect(statements).toEqual(expectedOf(large));
  expect(resources.Role.Properties.ManagedPolicyArns).toEqual([
    'arn:aws:iam::aws:policy/job-function/ViewOnlyAccess',
  ]);
  const [statement] = resources.Role.Properties.AssumeRolePolicyDocument.Statement;
  expect(connection.trustPolicy.Statement).toEqual([{ ...statement, Action: 'sts:AssumeRole' }]);
  const page = await browser.get(`/connections/${connection.id}/setup?step=role&format=cloudformation`);
  expect(page.text).toContain('large%40');

  const partial = await create('large', { without: ['Much5'] });
  expect(partial.roleTemplates).not.toHaveProperty('cloudFormationLink');
  const { status, body } = await vendor.call('GET', '/v1/permission-sets/large/9/cloudformation.yaml');
  expect([status, body.code]).toEqual([404, 'not_found']);
});

test.each(hostile.map((set, index) => [index, set] as const))(
  'hostile texts stay values in YAML, JSON, bash and HTML (%#)',
  async (_, set) => {
    const { externalId, id, roleTemplates } = await create(set.name);
    const expected = expectedOf(set).map(wellFormed);
    expect(statementsIn(roleTemplates.cloudFormation, externalId).statements).toEqual(expected);
    expect(JSON.parse(roleTemplates.consolePolicy).Statement.slice(1)).toEqual(expected);
    expect(documentsGivenToAws(roleTemplates.awsCli)).toContainEqual(expected);
    for (const path of ['/connections/new', `/connections/${id}/setup?step=role&format=console`]) {
      const { text } = await browser.get(path);
      expect(scriptsIn(text)).toEqual([]);
      if (path === '/connections/new')
        for (const { reason } of [...set.statements, ...set.denies])
          expect(textsOf(text, 'main').join('')).toContain(wellFormed(reason));
    }
  },
);

/** Output is UTF-8: a lone surrogate is U+FFFD there. */
const wellFormed = <Value>(value: Value): Value =>
  JSON.parse(JSON.stringify(value).replace(/\\ud800/g, '\ufffd'));

/** Runs the commands with an `aws` that keeps its arguments; returns the statements of each document. */
function documentsGivenToAws(commands: string): unknown[] {
  const folder = mkdtempSync(join(tmpdir(), 'hostile-sets-'));
  const calls = join(folder, 'calls');
  const tool = (name: string, script: string) =>
    writeFileSync(join(folder, name), `#!/bin/bash\n${script}\n`, { mode: 0o755 });
  tool(
    'aws',
    `printf '%s\\0' "$@" >>"${calls}"\ncase "$*" in *Tags*) exit 1 ;; *caller*) echo 210987654321 ;; *) echo arn ;; esac`,
  );
  tool('curl', 'echo 0');
  writeFileSync(join(folder, 'commands.sh'), commands);
  execFileSync('bash', ['-n', join(folder, 'commands.sh')]);
  execFileSync('bash', ['--norc', join(folder, 'commands.sh')], {
    cwd: folder,
    env: {
      ...process.env,
      PATH: `${folder}:${process.env.PATH}`,
      CONNECT_CALLBACK_SECRET: `whsec_${'A'.repeat(43)}=`,
    },
  });
  return readFileSync(calls, 'utf8')
    .split('\0')
    .filter((word) => word.startsWith('{'))
    .map((document) => JSON.parse(document).Statement);
}

type Node = DefaultTreeAdapterTypes.ChildNode;
function nodesOf(html: string): Node[] {
  const all = (nodes: readonly Node[]): Node[] =>
    nodes.flatMap((node) => [node, ...all('childNodes' in node ? node.childNodes : [])]);
  return all(parse(html).childNodes);
}
const textIn = (node: Node): string =>
  'value' in node ? node.value : 'childNodes' in node ? node.childNodes.map(textIn).join('') : '';
const textsOf = (html: string, tag: string): string[] =>
  nodesOf(html)
    .filter(({ nodeName }) => nodeName === tag)
    .map(textIn);

/** Scripts without an address of the service's, and attributes that run something. */
const scriptsIn = (html: string): string[] =>
  nodesOf(html).flatMap((node) => {
    const attrs = 'attrs' in node ? node.attrs : [];
    const isForeign =
      node.nodeName === 'script' && !attrs.some(({ name, value }) => name === 'src' && value.startsWith('/'));
    return [
      ...(isForeign ? [textIn(node)] : []),
      ...attrs.filter(({ name }) => name.startsWith('on')).map(({ name }) => name),
    ];
  });
