/**
 * Every regular expression in what we ship is linear: text that others send must not stop the process. Found in the
 * source by TypeScript's parser, those of `new RegExp` while the modules are loaded that make them, and timed where there
 * is anything to time: growth counts, not milliseconds.
 */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import ts from 'typescript';

/** What makes a backtracking engine try again: runs of one thing, with an end that does not fit. */
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

/** What each file makes with `new RegExp` while it is loaded. */
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

/** Milliseconds of this process's CPU, so that another program's turn does not count; the least of some. */
function timeOf(expression: RegExp, text: string, runs = 3): number {
  let least = Number.POSITIVE_INFINITY;
  for (let run = 0; run < runs; run++) {
    const before = process.cpuUsage();
    text.replace(expression, '');
    const { user, system } = process.cpuUsage(before);
    least = Math.min(least, (user + system) / 1_000);
  }
  return least;
}

const textOf = (piece: string, length: number) =>
  piece.repeat(Math.ceil(length / piece.length)).slice(0, length);

test('finds the expressions', () => {
  expect(expressions.size).toBeGreaterThan(100);
});

test.each([...calls])('%s: each of its calls of RegExp (%i) is seen', (file, count) => {
  expect(made.get(file)?.length ?? 0).toBeGreaterThanOrEqual(count);
});

test.each([...expressions])('%s', (_, expression) => {
  for (const piece of pieces) {
    const text = textOf(piece, 8_192);
    // A quadratic one takes tens of millions of steps here.
    if (timeOf(expression, `${text}\u0001`, 1) < 2) continue;
    // Linear: 8 times. Quadratic: 64 times. Asked again, because a busy machine may stop one of the two.
    const growsLinearly = () =>
      timeOf(expression, `${textOf(piece, 65_536)}\u0001`) / timeOf(expression, `${text}\u0001`) < 24;
    expect([piece, growsLinearly() || growsLinearly() || growsLinearly()]).toEqual([piece, true]);
  }
});
