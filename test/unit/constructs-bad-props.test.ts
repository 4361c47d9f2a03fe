/** Wrong values for every prop, also inside others, generated from the kept API: a prop without a rule fails here. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import {
  AwsConnection,
  type AwsConnectionProps,
  ConnectionCallback,
  CrossAccountRole,
  PermissionSet,
} from '@rolebridge/constructs';
import { TerraformVariable } from 'cdktf';
import type { Construct } from 'constructs';
import { InvalidPropsError } from '../../constructs/props/rules.js';
import { stackOf, validProps } from '../constructs/synthesized.js';

interface Type {
  readonly fqn?: string;
  readonly union?: { types: Type[] };
  readonly collection?: { kind: 'array' | 'map'; elementtype: Type };
}
interface Struct {
  readonly datatype?: boolean;
  readonly interfaces?: string[];
  readonly properties?: { name: string; type: Type }[];
}
const { types } = JSON.parse(readFileSync('constructs/api.jsii.json', 'utf8')) as {
  types: Record<string, Struct>;
};

/** The paths of all props of a struct; `[]` is the element of a list. */
function pathsOf(name: string): string[][] {
  const struct = types[name];
  const inherited = (struct?.interfaces ?? []).flatMap(pathsOf);
  const own = (struct?.properties ?? []).flatMap(({ name: prop, type }) => [
    [prop],
    ...insideOf(type).map((rest) => [prop, ...rest]),
  ]);
  return [...inherited, ...own];
}

function insideOf({ fqn = '', union, collection }: Type): string[][] {
  if (union) return union.types.flatMap(insideOf);
  if (collection) return insideOf(collection.elementtype).map((rest) => ['[]', ...rest]);
  return types[fqn]?.datatype ? pathsOf(fqn) : [];
}

/** Valid members beside a wrong value inside another prop. */
const AROUND: Record<string, unknown> = {
  scope: { project: 'shop', environment: 'production' },
  permissions: { statements: [{ actions: ['s3:GetObject'], resources: ['*'] }] },
};

function withValue(base: unknown, [name, ...rest]: readonly string[], value: unknown): unknown {
  if (name === undefined) return value;
  if (name === '[]') return [withValue(Array.isArray(base) ? base[0] : {}, rest, value)];
  return { ...Object(base), [name]: withValue(Object(base)[name] ?? AROUND[name], rest, value) };
}

/** None of them is a value of any prop. */
const WRONG: [string, unknown][] = [
  ['hostile text', '"); process.exit(0); ("\n$' + '{path.cwd}'],
  ['huge text', '*'.repeat(200_000)],
  ['a function', () => 'x'],
  ['a list of lists', [['x'], null]],
  ['an object of another kind', { 'not\na key': { a: 1 } }],
  ['a number that is none', Number.NaN],
  ['null', null],
];

/** Each construct with props that are right, and one of another kind in place of one. */
const CONSTRUCTS: Record<string, (scope: Construct, props: never) => void> = {
  AwsConnection: (scope, props) => void new AwsConnection(scope, 'vendor', props),
  CrossAccountRole: (scope, props) => void new CrossAccountRole(scope, 'vendor', props),
  ConnectionCallback: (scope, props: object) =>
    void new ConnectionCallback(scope, 'vendor', {
      role: new CrossAccountRole(scope, 'role', validProps),
      ...(props as AwsConnectionProps),
    }),
};
const cases = Object.keys(CONSTRUCTS).flatMap((name) =>
  [
    ...new Map(pathsOf(`@rolebridge/constructs.${name}Props`).map((each) => [each.join('.'), each])).values(),
  ].map((each): [string, string, string[]] => [name, each.join('.'), each]),
);

test('knows every prop of every construct', () => {
  const known = cases.map(([name, prop]) => `${name} ${prop}`);
  expect(known).toEqual(
    expect.arrayContaining([
      'AwsConnection simulatePermissions',
      'AwsConnection permissions.statements.[].notResources',
      'AwsConnection scope.architecture',
      'AwsConnection health.timeoutSeconds',
      'CrossAccountRole externalId',
      'ConnectionCallback role',
      'ConnectionCallback dependsOn',
    ]),
  );
  const structs = Object.entries(types).filter(([, { datatype }]) => datatype);
  const tried = new Set(cases.flatMap(([, , parts]) => parts));
  const untried = structs
    .flatMap(([, { properties }]) => properties ?? [])
    .filter(({ name }) => !tried.has(name));
  // Of `PermissionSet.fromFile`, below.
  expect(untried.map(({ name }) => name)).toEqual(['without']);
});

/** The rejection of a wrong value; undefined when it is accepted. */
function refusalOf(name: string, parts: readonly string[], value: unknown): unknown {
  try {
    stackOf((stack) => {
      const statusToken = new TerraformVariable(stack, 'status', { type: 'string', sensitive: true });
      const health = parts[0] === 'health' && parts.length > 1 ? { health: { statusToken } } : {};
      const props = withValue({ ...validProps, ...health }, parts, value);
      CONSTRUCTS[name]?.(stack, props as never);
    });
  } catch (error) {
    return error;
  }
  return undefined;
}

/** Texts above a prop in the source. */
const documented = new Map<string, string>();
for (const file of [
  'cross-account-role-props',
  'connection-callback',
  'connection-health',
  'iam/permissions',
])
  for (const [, text = '', prop = ''] of readFileSync(`constructs/${file}.ts`, 'utf8').matchAll(
    /\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\n +readonly (\w+)\??:/g,
  ))
    documented.set(prop, `${documented.get(prop) ?? ''}${text}`);

describe.each(cases)('%s: %s', (name, _prop, parts) => {
  const last = parts.at(-1) ?? '';

  test.each(WRONG)('is rejected by name when it is %s', (_kind, value) => {
    const refusal = refusalOf(name, parts, value);
    expect(refusal).toBeInstanceOf(InvalidPropsError);
    expect((refusal as InvalidPropsError).problems.join()).toContain(last);
    expect((refusal as InvalidPropsError).message.length).toBeLessThan(2_000);
  });

  test("has the rule's source in its documentation, where the rule is not ours", () => {
    const problems = WRONG.flatMap(
      ([, value]) => (refusalOf(name, parts, value) as InvalidPropsError).problems,
    );
    const sources = problems
      .filter((problem) => problem.includes(last))
      .flatMap((problem) => /(https:\/\/[^)\s]+)\)$/.exec(problem)?.[1] ?? []);
    const text = documented.get(last) ?? '';
    expect([
      last,
      sources.length === 0 || sources.some((source) => text.includes(source)) || sources,
    ]).toEqual([last, true]);
  });
});

describe('PermissionSet.fromFile', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'rolebridge-bad-set-'));
  const file = path.join(folder, 'set.json');
  writeFileSync(file, JSON.stringify({ name: 'deploy', version: 1, statements: [] }));
  afterAll(() => rmSync(folder, { recursive: true }));

  test.each(WRONG)('refuses without when it is %s', (_kind, value) => {
    let thrown: unknown;
    try {
      PermissionSet.fromFile(file, { without: value } as never);
    } catch (error) {
      thrown = error;
    }
    expect(String(thrown)).toMatch(/is not a permission set[\s\S]*without/);
    expect(String(thrown).length).toBeLessThan(2_000);
  });
});
