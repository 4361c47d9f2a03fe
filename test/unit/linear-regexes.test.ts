/**
 * Every shipped regular expression is linear: foreign text must not stop the process. Found in the
 * source by TypeScript's parser, those of `new RegExp` while the modules are loaded that make them, and timed where there
 * is anything to time: growth counts, not milliseconds.
 */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import ts from 'typescript';

/** Input that makes a backtracking engine retry: runs of one thing, with an end that doesn't match. */
const pieces = [
  ...[
    'a',
    'A',
    '0',
    ' ',
    '\t',
    '\n',
    '/',
    '//',
    '"',
    '\\',
    '\\"',
    '.',
    ':',
    '-',
    '_',
    ',',
    '@',
    '=',
    '*',
    '{',
  ],
  ...['a.', 'a:', 'a/', 'a-', 'a ', '0.', 'a@', '://', 'a="', '${a}', 'aA0', '<a', '&a=', '\u00e9', '\u0000'],
];

const files = ['service', 'client', 'constructs'].flatMap((folder) =>
  filesIn(folder).filter((file) => /\.tsx?$/.test(file) && !file.endsWith('.d.ts')),
);

function filesIn(folder: string): string[] {
  return ts.sys.readDirectory(folder, ['.ts', '.tsx'], ['**/node_modules/**', '**/dist/**', '**/*.d.ts']);
}

const expressions = new Map<string, RegExp>();
const add = ({ source, flags }: RegExp) =>
  expressions.set(
    `/${source}/${flags}`,
    new RegExp(source, [...new Set(`${flags}g`)].join('').replace('y', '')),
  );

/** How many calls of RegExp there are in each file that has any. */
const calls = new Map<string, number>();
for (const file of files) {
  const source = ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.Latest, true);
  const visit = (node: ts.Node): void => {
    if (ts.isRegularExpressionLiteral(node)) {
      const end = node.text.lastIndexOf('/');
      add(new RegExp(node.text.slice(1, end), node.text.slice(end + 1)));
    }
    const isCall = ts.isNewExpression(node) || ts.isCallExpression(node);
    if (isCall && node.expression.getText(source) === 'RegExp') calls.set(file, (calls.get(file) ?? 0) + 1);
    ts.forEachChild(node, visit);
  };
  visit(source);
}

/** Expressions that each file creates with `new RegExp` while it is loaded. */
const made = new Map<string, RegExp[]>();
const plain = RegExp;
const record = (text: string | RegExp, flags?: string): RegExp => {
  const expression = new plain(text, flags);
  const caller = new Error().stack
    ?.split('\n')
    .find((line) => line.includes(' at ') && !line.includes(__filename));
  const file = [...calls.keys()].find((name) => caller?.includes(path.resolve(name)));
  if (file !== undefined) {
    made.set(file, [...(made.get(file) ?? []), expression]);
    add(expression);
  }
  return expression;
};
globalThis.RegExp = new Proxy(plain, {
  construct: (_, [text, flags]) => record(text, flags),
  apply: (_, __, [text, flags]) => record(text, flags),
});
for (const file of calls.keys()) require(path.resolve(file));
globalThis.RegExp = plain;

/** Milliseconds of this process's CPU, so that another program's turn does not count. */
function timeOf(expression: RegExp, text: string): number {
  const before = process.cpuUsage();
  text.replace(expression, '');
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1_000;
}

const textOf = (piece: string, length: number) =>
  `${piece.repeat(Math.ceil(length / piece.length)).slice(0, length)}\u0001`;

/** Below this a run measures the copying of the text. A quadratic expression takes tens of milliseconds for the long one. */
const leastMs = 0.5;

/**
 * Eight times the text takes a linear expression 8 times as long, a quadratic one 64 times. Load on the machine only adds
 * to a run, so each length counts with its best of five runs, and of up to 15 while that of the long one is too much.
 */
function growsLinearly(expression: RegExp, piece: string, length = 8_192): boolean {
  const [short, long] = [textOf(piece, length), textOf(piece, 8 * length)];
  let [leastShort, leastLong] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
  for (let run = 1; run <= 15; run++) {
    leastShort = Math.min(leastShort, timeOf(expression, short));
    leastLong = Math.min(leastLong, timeOf(expression, long));
    if (run >= 5 && leastLong < 24 * Math.max(leastShort, leastMs)) return true;
  }
  return false;
}

test('finds the expressions', () => {
  expect(expressions.size).toBeGreaterThan(100);
});

test.each([...calls])('%s: each of its calls of RegExp (%i) is seen', (file, count) => {
  expect(made.get(file)?.length ?? 0).toBeGreaterThanOrEqual(count);
});

test('distinguishes a quadratic expression from a linear one', () => {
  expect([growsLinearly(/a+b/g, 'a', 1_024), growsLinearly(/[A-Za-z0-9+/]{43}=/g, 'a', 1_024)]).toEqual([
    false,
    true,
  ]);
});

test.each([...expressions])('%s', (_, expression) => {
  for (const piece of pieces) {
    // A quadratic one takes tens of millions of steps here.
    if (timeOf(expression, textOf(piece, 8_192)) < 2) continue;
    expect([piece, growsLinearly(expression, piece)]).toEqual([piece, true]);
  }
});
