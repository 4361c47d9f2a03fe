/** A body costs no more than its length, whatever is quoted in it. */
import { parseJsonBody } from '../../service/api/json-body.js';

/** Input for catastrophic backtracking, repeated; each with an end that can't match. */
const parts = [
  'a',
  'A',
  '0',
  ' ',
  '\t',
  '\\"',
  '"a"',
  'a.',
  'a/',
  '/',
  '-',
  'a-',
  'a=',
  'a,',
  ':',
  '{account}',
  '`',
  '\r\n',
];
const texts = (length: number) =>
  parts.flatMap((part) => [
    `${part.repeat(Math.ceil(length / part.length))}\u0000`,
    `x:${part.repeat(Math.ceil(length / part.length))}!`,
    `arn:aws:iam::123456789012:role/${part.repeat(Math.ceil(length / part.length))}\u0000`,
  ]);

/** The least of several, so that a busy machine does not count. */
function msOf(work: () => void): number {
  let least = Number.POSITIVE_INFINITY;
  for (let round = 0; round < 5; round++) {
    const startedAt = performance.now();
    work();
    least = Math.min(least, performance.now() - startedAt);
  }
  return least;
}

/** Eight times the text may take eight times as long, and not sixty-four; very short times aren't compared. */
function expectLinear(work: (text: string) => void, shorts: string[], longs: string[]): void {
  const worst = longs
    .map((long, index) => ({ index, ms: msOf(() => work(long)) }))
    .reduce((one, other) => (one.ms > other.ms ? one : other));
  if (worst.ms < 3) return;
  const short = msOf(() => work(shorts[worst.index] ?? ''));
  expect({ ms: worst.ms, short, isLinear: worst.ms / short < 30 }).toMatchObject({ isLinear: true });
}

const shorts = texts(8_192);
const longs = texts(65_536);

test('a body is parsed in linear time, whatever it quotes', () => {
  const bodies = (all: string[]) => [
    ...all.map((text) => JSON.stringify({ name: text })),
    ...all.map((text) => JSON.stringify(Array(Math.ceil(text.length / 8)).fill('":a'))),
  ];
  expectLinear((text) => parseJsonBody(Buffer.from(text)), bodies(shorts), bodies(longs));
});

test('a string that starts with a colon is no key; a duplicate key is rejected in any spelling', () => {
  expect(parseJsonBody(Buffer.from('["a",":b"]'))).toEqual(['a', ':b']);
  expect(parseJsonBody(Buffer.from('{"x":["a\\""," :"],"y\\\\":1}'))).toEqual({ x: ['a"', ' :'], 'y\\': 1 });
  for (const twice of ['{"a":1,"a":2}', '{"a":1,"\\u0061" \n:2}', '[{"a":{"b":1,"b":1}}]'])
    expect(() => parseJsonBody(Buffer.from(twice))).toThrow('the same key twice');
});
