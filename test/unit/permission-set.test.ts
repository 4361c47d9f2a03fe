import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import {
  type PermissionSet,
  permissionSetId,
  permissionSetSchema,
} from '../../service/domain/permission-set.js';
import { hostileTexts } from '../templates/hostile.js';
import { changed, pathsOf, setWithEveryMember } from '../templates/hostile-sets.js';

const examples = path.join(__dirname, '../../examples/permission-sets');
const read = (file: string) => JSON.parse(readFileSync(path.join(examples, file), 'utf8'));

const statement = { sid: 'One', reason: 'Because.', actions: ['s3:ListBucket'], resources: ['*'] };
const set = (over: object = {}) => ({
  name: 'deploy',
  version: 1,
  title: 'Deploy',
  statements: [statement],
  ...over,
});
const withStatement = (over: object) => set({ statements: [{ ...statement, ...over }] });

test.each(readdirSync(examples).filter((file) => file.endsWith('.json')))(
  'the example %s is valid',
  (file) => {
    const parsed: PermissionSet = permissionSetSchema.parse(read(file));
    expect(`${permissionSetId(parsed)}.json`).toBe(file);
  },
);

test.each([
  ['no name', set({ name: undefined }), 'name'],
  ['a name in capitals', set({ name: 'Deploy' }), 'name'],
  ['a name that is a path', set({ name: '../deploy' }), 'name'],
  ['a version of 0', set({ version: 0 }), 'version'],
  ['a version with a fraction', set({ version: 1.5 }), 'version'],
  ['a version that is a text', set({ version: '1' }), 'version'],
  ['an empty title', set({ title: ' ' }), 'title'],
  ['a title of two lines', set({ title: 'a\nb' }), 'title'],
  ['no statement', set({ statements: [] }), 'statements'],
  ['an unknown member', set({ extra: 1 }), ''],
  ['an unknown member of a statement', withStatement({ effect: 'Allow' }), 'statements.0'],
  ['a sid with a space', withStatement({ sid: 'a b' }), 'statements.0.sid'],
  ['a sid twice', set({ denies: [statement] }), 'statements'],
  ['no reason', withStatement({ reason: undefined }), 'statements.0.reason'],
  ['a reason with an escape sequence', withStatement({ reason: 'a\u001B[31mb' }), 'statements.0.reason'],
  ['a reason that turns the direction of text', withStatement({ reason: 'a\u202Eb' }), 'statements.0.reason'],
  ['a reason that is long', withStatement({ reason: 'a'.repeat(501) }), 'statements.0.reason'],
  ['optional as a text', withStatement({ optional: 'yes' }), 'statements.0.optional'],
  ['no action', withStatement({ actions: [] }), 'statements.0.actions'],
  ['an action without a service', withStatement({ actions: ['ListBucket'] }), 'statements.0.actions.0'],
  ['a wildcard as the service', withStatement({ actions: ['*:List*'] }), 'statements.0.actions.0'],
  ['an action twice', withStatement({ actions: ['s3:ListBucket', 's3:ListBucket'] }), 'statements.0.actions'],
  ['no resource', withStatement({ resources: [] }), 'statements.0.resources'],
  ['a resource that is no ARN', withStatement({ resources: ['bucket'] }), 'statements.0.resources.0'],
  [
    'an unknown operator',
    withStatement({ conditions: { Like: { 'aws:x': 'y' } } }),
    'statements.0.conditions.Like',
  ],
  [
    'a condition key without a service',
    withStatement({ conditions: { Bool: { x: 'true' } } }),
    'statements.0.conditions.Bool.x',
  ],
  [
    'a condition without a value',
    withStatement({ conditions: { Bool: { 'aws:x': [] } } }),
    'statements.0.conditions.Bool.aws:x',
  ],
  [
    'a check with a wildcard',
    withStatement({ check: { actions: ['s3:List*'] } }),
    'statements.0.check.actions.0',
  ],
  [
    'a check of another action',
    withStatement({ check: { actions: ['s3:GetObject'] } }),
    'statements.0.check.actions',
  ],
  [
    'a context without values',
    withStatement({ check: { actions: ['s3:ListBucket'], context: { 'aws:x': [] } } }),
    'statements.0.check.context.aws:x',
  ],
  [
    'a managed policy as an ARN',
    set({ managedPolicies: ['arn:aws:iam::aws:policy/x'] }),
    'managedPolicies.0',
  ],
  [
    'eleven managed policies',
    set({ managedPolicies: Array.from({ length: 11 }, (_, n) => `p${n}`) }),
    'managedPolicies',
  ],
  ['denies that are no list', set({ denies: {} }), 'denies'],
  [
    'a statement above the quota of a managed policy',
    withStatement({ actions: Array.from({ length: 400 }, (_, n) => `s3:ListSomething${n}`) }),
    'statements.0',
  ],
  [
    "statements above a role's quotas",
    set({
      statements: Array.from({ length: 20 }, (_, at) => ({
        ...statement,
        sid: `S${at}`,
        actions: Array.from({ length: 250 }, (__, n) => `s3:ListSomething${n}`),
      })),
    }),
    'statements',
  ],
])('refuses %s', (_, json, where) => {
  const result = permissionSetSchema.safeParse(json);
  expect(result.error?.issues.map((issue) => issue.path.join('.'))).toContain(where);
});

const whole = setWithEveryMember();
const wrongValues = [null, true, 0, -1, 1.5, [], {}, [null], { a: 1 }, ...hostileTexts, 'a'.repeat(100_000)];

/** Free parts of the grammar: empty lists and maps, texts, and condition values. */
function mayBe(at: readonly (string | number)[], value: unknown): boolean {
  const name = at.findLast((part) => Number.isNaN(Number(part)));
  if (name === 'optional') return typeof value === 'boolean';
  if (name === 'title' || name === 'reason') return typeof value === 'string' && value.trim().length <= 500;
  if (at.includes('conditions') || at.includes('context'))
    return value !== null && String(value).length < 2_049;
  return ['denies', 'managedPolicies', 'statements'].includes(String(name)) && Array.isArray(value);
}

test.each(pathsOf(whole).map((at) => [at.join('.'), at] as const))(
  'rejects wrong values of every member with their path: %s',
  (place, at) => {
    for (const value of wrongValues) {
      const { success, error } = permissionSetSchema.safeParse(changed(whole, at, value));
      const named = error?.issues.map(({ path }) => path.join('.')) ?? [];
      const isNamed = named.some((each) => each.startsWith(place) || place.startsWith(each));
      expect([value, success ? mayBe(at, value) : isNamed]).toEqual([value, true]);
    }
  },
);
