/** Wrong values for every variable of the Terraform module, generated from `variables.tf`, with real Terraform. */
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { findTerraform, notChecked, runCommand } from './tools.js';

const terraform = findTerraform();
if (!terraform) notChecked('the variables of the Terraform module: there is no terraform on the PATH');
const check = terraform ? describe : describe.skip;

const text = readFileSync('service/terraform-module/variables.tf', 'utf8');
const variables = [...text.matchAll(/^variable "(\w+)" \{\n(.*?)^\}/gms)].map((match) => ({
  name: String(match[1]),
  type: /^ {2}type += (\w+)/m.exec(String(match[2]))?.[1] ?? '',
}));

const HOSTILE = '角色*"\n$' + '{path.cwd}';
const HUGE = '*'.repeat(20_000);
const required = {
  connection_id: `con_${'a'.repeat(24)}`,
  external_id: 'rb-example',
  principal: 'arn:aws:iam::111122223333:role/vendor',
  callback_url: 'https://connect.vendor.example/v1/callbacks',
};
/** By the type of the variable; a type without a row fails. */
const wrong: Record<string, Record<string, unknown>> = {
  'hostile values': {
    string: HOSTILE,
    number: -1,
    list: [HOSTILE],
    map: { 'aws:x': HOSTILE },
    object: { project: HOSTILE },
    any: 17,
  },
  'huge values': {
    string: HUGE,
    number: 1e15,
    list: [HUGE],
    map: { a: HUGE },
    object: { project: HUGE },
    any: 1e15,
  },
  'values of another type': { bool: HOSTILE },
};

check("the module's variables", () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'rolebridge-variables-'));
    cpSync('service/terraform-module', folder, { recursive: true });
    // Variables are checked before anything else: no provider is needed.
    rmSync(path.join(folder, 'main.tf'));
    rmSync(path.join(folder, 'outputs.tf'));
    rmSync(path.join(folder, 'versions.tf'));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test('have an invalid value for each type', () => {
    expect(variables.length).toBeGreaterThan(20);
    const tried = new Set(Object.values(wrong).flatMap(Object.keys));
    expect(variables.filter(({ type }) => !tried.has(type))).toEqual([]);
  });

  test.each(Object.entries(wrong))('are each rejected by name with %s', async (_name, values) => {
    // The secret has no rule here: Terraform would print it. It comes from the environment, as for users.
    const tried = variables.filter(({ name, type }) => type in values && name !== 'callback_secret');
    const given = {
      ...required,
      ...Object.fromEntries(tried.map(({ name, type }) => [name, values[type]])),
    };
    writeFileSync(path.join(folder, 'terraform.tfvars.json'), JSON.stringify(given));
    const { code, stdout, stderr } = await runCommand(
      terraform?.binary ?? '',
      ['plan', '-no-color', '-input=false'],
      { cwd: folder, env: { ...terraform?.env, TF_VAR_callback_secret: 'canary, and no secret' } },
    );
    expect(code).toBe(1);
    const output = stdout + stderr;
    for (const { name } of tried) expect(output).toMatch(new RegExp(`\\b(var\\.)?${name}\\b`));
    expect(output).not.toContain('canary');
  });
});
