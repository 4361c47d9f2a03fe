/** Values that people and machines send in place of the expected ones. */
import fc, { type Arbitrary } from 'fast-check';

export const hostileTexts = [
  '',
  ' ',
  '\u0000',
  'a\r\nset-cookie: x=1',
  '\u200b',
  '\ufeff',
  '\u202e',
  '../../etc/passwd',
  '..%2f..%2f',
  '%00',
  '%',
  '__proto__',
  'constructor',
  'toString',
  "' OR 1=1 --",
  '$' + '{7*7}',
  '{{7*7}}',
  '<script>alert(1)</script>',
  '\ud800',
  'null',
  'undefined',
  'NaN',
  '1e999',
  '*',
  'arn:aws:iam::123456789012:role/*',
  'arn:aws:iam::123456789012:root',
  'arn:aws:iam::٠١٢٣٤٥٦٧٨٩٠١:role/x',
  `arn:aws:iam::123456789012:role/${'a'.repeat(600)}`,
  'http://169.254.169.254/latest/meta-data/',
  'x'.repeat(5_000),
] as const;

export const hostileText: Arbitrary<string> = fc.oneof(
  fc.constantFrom(...hostileTexts),
  fc.string({ unit: 'binary', maxLength: 60 }),
);

/** Lone surrogates can't be written in a URL. */
export const wellFormed = (text: string): string => Buffer.from(text, 'utf8').toString('utf8');

export const hostileValue: Arbitrary<unknown> = fc.oneof(
  hostileText,
  fc.constantFrom(null, true, 0, -1, 899.5, 2 ** 53, 1e300, [], {}, [[[[[]]]]], {
    toString: 'x',
    length: -1,
  }),
  fc.jsonValue({ maxDepth: 3 }),
);

/** Bodies that are no JSON object, or not the one that they seem to be. */
export const hostileBody: Arbitrary<string | Buffer> = fc.oneof(
  fc.constantFrom<string | Buffer>(
    '',
    'null',
    '[]',
    '"x"',
    '0',
    '{',
    '{"name":"a","name":"b"}',
    '{"__proto__":{"isAdmin":true}}',
    '{"constructor":{"prototype":{"isAdmin":true}}}',
    '['.repeat(10_000),
    `${'{"a":'.repeat(3_000)}1${'}'.repeat(3_000)}`,
    '{"name":1e400}',
    `{"name":"${'a'.repeat(70_000)}"}`,
    Buffer.from([0xff, 0xfe, 0x00]),
    Buffer.from([0x1f, 0x8b, 0x08, 0x00]),
  ),
  fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
);

/** One thing of an object made wrong: a member lost, added, or with another value, at any depth. */
export function broken(value: Arbitrary<unknown>): Arbitrary<unknown> {
  return fc
    .tuple(value, fc.nat(), fc.constantFrom('drop', 'replace', 'add'), hostileValue, hostileText)
    .map(([whole, place, change, other, name]) => {
      const copy = structuredClone(whole);
      const places = [...membersOf(copy)];
      const at = places[place % Math.max(1, places.length)];
      if (at === undefined || change === 'add') {
        const parent = at?.parent ?? copy;
        if (typeof parent === 'object' && parent !== null && !Array.isArray(parent))
          Object.defineProperty(parent, name, {
            value: other,
            enumerable: true,
            configurable: true,
            writable: true,
          });
        return copy;
      }
      if (change === 'drop') delete at.parent[at.name];
      else at.parent[at.name] = other;
      return copy;
    });
}

function* membersOf(value: unknown): Generator<{ parent: Record<string, unknown>; name: string }> {
  if (typeof value !== 'object' || value === null) return;
  for (const [name, member] of Object.entries(value)) {
    yield { parent: value as Record<string, unknown>, name };
    yield* membersOf(member);
  }
}
