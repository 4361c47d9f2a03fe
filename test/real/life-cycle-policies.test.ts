/**
 * Managed policies of the Terraform module as a map, a set and a list, some with an ARN that is known after the apply
 * only. Real Terraform; when the first one goes, together with its resource, the others stay attached.
 */
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { terraformModule, type Write } from './life-cycle/configurations.js';
import { type Life, startLife } from './life-cycle/life.js';
import { findTerraform, notChecked } from './tools.js';

const terraform = findTerraform();
if (!terraform) notChecked('managed policies of the Terraform module: there is no terraform on the PATH');
const check = terraform ? describe : describe.skip;

const DOCUMENT =
  'jsonencode({ Version = "2012-10-17", Statement = [{ Effect = "Allow", Action = "s3:GetObject", Resource = "*" }] })';
const isOwn = (name: string) => name.startsWith('own');
const expressionOf = (name: string) => (isOwn(name) ? `aws_iam_policy.${name}.arn` : `"${name}"`);

/** The module with policies in the given form, and the resources of the customer's own ones. */
const written =
  (form: (policies: string[]) => string): Write =>
  (folder, configuration) => {
    const where = terraformModule(folder, configuration);
    const policies = configuration.connections.flatMap((each) => each.policies);
    const own = policies
      .filter(isOwn)
      .map(
        (name) => `resource "aws_iam_policy" "${name}" {\n  name   = "${name}"\n  policy = ${DOCUMENT}\n}\n`,
      );
    writeFileSync(path.join(where, 'own.tf'), own.join(''));
    writeFileSync(
      path.join(where, 'policies_override.tf'),
      `module "vendor" {\n  managed_policies = ${form(policies)}\n}\n`,
    );
    return where;
  };
const asMap = (policies: string[]) =>
  `{ ${policies.map((name) => `${name} = ${expressionOf(name)}`).join(', ')} }`;
const asList = (policies: string[]) => `[${policies.map(expressionOf).join(', ')}]`;
const asSet = (policies: string[]) => `toset(${asList(policies)})`;

const cases: [string, (policies: string[]) => string, string[]][] = [
  ['a map', asMap, ['own1', 'own2', 'SecurityAudit', 'ReadOnlyAccess']],
  // A set's values are its addresses, so they have to be known.
  ['a set', asSet, ['AmazonS3ReadOnlyAccess', 'SecurityAudit', 'ReadOnlyAccess']],
  ['a list', asList, ['own1', 'own2', 'SecurityAudit', 'ReadOnlyAccess']],
];

check.each(cases)('managed policies as %s', (kind, form, policies) => {
  let life: Life;
  beforeAll(async () => {
    if (terraform) life = await startLife(terraform, kind, written(form));
  });
  afterAll(() => life.close());

  /** Writes other policies, applies, and says how many attachments the plan takes away. */
  const change = async (step: string, next: string[]): Promise<number> => {
    await life.write({ policies: next }, { init: false });
    const planned = (await life.tf('plan')).output;
    await life.apply();
    await life.isTrue(step);
    return [...planned.matchAll(/# \S+attachment\S+ (?:will|must) be (?:destroyed|replaced)/g)].length;
  };

  test('touch only what is added or removed', async () => {
    await life.write({ policies });
    await life.apply();
    await life.isTrue('create');
    const [, ...rest] = policies;
    // A list has positions: from the first change on, all are attached again. Before it, none is.
    const isList = kind === 'a list';
    expect(await change('the first one goes', rest)).toBe(isList ? policies.length : 1);
    expect(await change('it is back', policies)).toBe(isList ? rest.length : 0);
    expect(await change('one more at the end', [...policies, 'IAMReadOnlyAccess'])).toBe(0);
    expect(await change('the last one goes', policies)).toBe(1);
    const swapped = [...policies.slice(0, -2), ...policies.slice(-2).reverse()];
    expect(await change('another order', swapped)).toBe(isList ? 2 : 0);
  });
});
