import fc from 'fast-check';
import {
  checkScope,
  describeScope,
  keysThatMatch,
  type Scope,
  scopeFromKey,
  scopeKey,
} from '../../service/domain/scope.js';

const whole = { project: 'shop', environment: 'production', architecture: 'web' };

test.each<[Scope, string, string]>([
  [{}, '', "the organization's default"],
  [{ project: 'shop' }, 'shop', 'project shop'],
  [{ project: 'shop', environment: 'production' }, 'shop/production', 'project shop, environment production'],
  [whole, 'shop/production/web', 'project shop, environment production, architecture web'],
  [{ project: 'a.b_c-D9' }, 'a.b_c-D9', 'project a.b_c-D9'],
  [{ project: 'p'.repeat(64) }, 'p'.repeat(64), `project ${'p'.repeat(64)}`],
])('accepts %j', (scope, key, description) => {
  expect(checkScope(scope)).toEqual(scope);
  expect(scopeKey(scope)).toBe(key);
  expect(scopeFromKey(key)).toEqual(scope);
  expect(describeScope(scope)).toBe(description);
});

test.each<[string, Scope]>([
  ['an environment without its project', { environment: 'production' }],
  ['an architecture without its project', { architecture: 'web' }],
  ['an architecture without its environment', { project: 'shop', architecture: 'web' }],
  [
    'an architecture and environment without their project',
    { environment: 'production', architecture: 'web' },
  ],
  ...[
    '',
    ' ',
    'a b',
    'a/b',
    '/',
    '..',
    '.a',
    '-a',
    '_a',
    '*',
    'é',
    'a\n',
    'a\0',
    'a\u200b',
    '<a>',
    'p'.repeat(65),
  ].map((name): [string, Scope] => [`the project ${JSON.stringify(name)}`, { project: name }]),
  ['an empty environment', { project: 'shop', environment: '' }],
  ['an architecture with a slash', { ...whole, architecture: 'a/b' }],
])('rejects %s', (_, scope) => {
  expect(() => checkScope(scope)).toThrow(
    expect.objectContaining({ code: 'request_invalid', remedy: expect.any(String) }),
  );
});

test.each<[Scope, string[]]>([
  [{}, ['']],
  [{ project: 'shop' }, ['shop', '']],
  [{ project: 'shop', environment: 'production' }, ['shop/production', 'shop', '']],
  [whole, ['shop/production/web', 'shop/production', 'shop', '']],
])('looks for %j from the longest scope to the default', (target, keys) => {
  expect(keysThatMatch(target)).toEqual(keys);
});

const name = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9._-]{0,9}$/);
const anyScope = fc.array(name, { maxLength: 3 }).map(
  ([project, environment, architecture]): Scope => ({
    ...(project !== undefined && { project }),
    ...(environment !== undefined && { environment }),
    ...(architecture !== undefined && { architecture }),
  }),
);

it('encodes each scope as one key and decodes it', () => {
  fc.assert(
    fc.property(anyScope, anyScope, (one, other) => {
      expect(scopeFromKey(scopeKey(checkScope(one)))).toEqual(one);
      expect(scopeKey(one) === scopeKey(other)).toBe(JSON.stringify(one) === JSON.stringify(other));
    }),
  );
});

it('matches exactly the scopes whose names begin the path of the target', () => {
  const few = fc.array(fc.constantFrom('a', 'ab', 'b'), { maxLength: 3 });
  const scopeOf = (names: string[]) => scopeFromKey(names.join('/'));
  fc.assert(
    fc.property(few, few, (held, target) => {
      const isPrefix = held.length <= target.length && held.every((level, index) => level === target[index]);
      expect(keysThatMatch(scopeOf(target)).includes(scopeKey(scopeOf(held)))).toBe(isPrefix);
    }),
  );
});
