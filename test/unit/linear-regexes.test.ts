/**
 * Every regular expression in what we ship is linear: text that others send must not stop the process. Found in the
 * source by TypeScript's parser, and timed where there is anything to time: growth counts, not milliseconds.
 */
import { readFileSync } from 'node:fs';
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
for (const file of files) {
  const source = ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.Latest, true);
  const visit = (node: ts.Node): void => {
    if (ts.isRegularExpressionLiteral(node)) {
      const end = node.text.lastIndexOf('/');
      const flags = node.text.slice(end + 1).replace('y', '');
      expressions.set(
        node.text,
        new RegExp(node.text.slice(1, end), flags.includes('g') ? flags : `${flags}g`),
      );
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
}

/** The least of some, so that another program's turn does not count. */
function timeOf(expression: RegExp, text: string, runs = 3): number {
  let least = Number.POSITIVE_INFINITY;
  for (let run = 0; run < runs; run++) {
    const startedAt = performance.now();
    text.replace(expression, '');
    least = Math.min(least, performance.now() - startedAt);
  }
  return least;
}

const textOf = (piece: string, length: number) =>
  piece.repeat(Math.ceil(length / piece.length)).slice(0, length);

test('finds the expressions', () => {
  expect(expressions.size).toBeGreaterThan(100);
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
