/**
 * `npm run lines`: lines of TypeScript without comments and blanks, by folder, in the formatter's layout at width 110.
 * `npm run lines -- COMMIT` prints those of a commit beside them.
 */
import { execFileSync } from 'node:child_process';
import ts from 'typescript';

const roots = ['constructs', 'service', 'client', 'aws-sandbox'];
/** Where a folder was before. */
const moved = 'test/aws-sandbox/';

const git = (...words: string[]) =>
  execFileSync('git', words, { encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 });

/** Files of git's index (`''`) or of a commit. */
function countIn(commit: string): Map<string, number> {
  const listed =
    commit === ''
      ? git('ls-files', '--', ...roots, moved)
      : git('ls-tree', '-r', '--name-only', commit, '--', ...roots, moved);
  const counts = new Map<string, number>();
  for (const file of listed.split('\n').filter((name) => /\.(tsx?|[cm]js)$/.test(name))) {
    if (file.includes('/public/') || file.includes('terraform-module/')) continue;
    const folder = file
      .replace(/^test\//, '')
      .split('/')
      .slice(0, -1)
      .slice(0, 2)
      .join('/');
    counts.set(folder, (counts.get(folder) ?? 0) + linesOf(git('show', `${commit}:${file}`), file));
  }
  return counts;
}

/** A line counts when a token of the language stands on it. */
function linesOf(text: string, file: string): number {
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
  const lines = new Set<number>();
  const visit = (node: ts.Node): void => {
    if (node.kind >= ts.SyntaxKind.FirstJSDocNode && node.kind <= ts.SyntaxKind.LastJSDocNode) return;
    const children = node.getChildren(source);
    if (children.length > 0) {
      children.forEach(visit);
      return;
    }
    if (node.end === node.getStart(source)) return;
    const first = source.getLineAndCharacterOfPosition(node.getStart(source)).line;
    const last = source.getLineAndCharacterOfPosition(node.end).line;
    for (let line = first; line <= last; line++) lines.add(line);
  };
  visit(source);
  return [...lines].filter((line) => text.split('\n')[line]?.trim() !== '').length;
}

const [before] = process.argv.slice(2);
const now = countIn('');
const then = before === undefined ? undefined : countIn(before);
const folders = [...new Set([...now.keys(), ...(then?.keys() ?? [])])].sort();
const sum = (counts: Map<string, number>, root = '') =>
  [...counts].reduce((total, [folder, lines]) => total + (folder.startsWith(root) ? lines : 0), 0);
const row = (name: string, lines: number | undefined, old: number | undefined) =>
  console.log(
    name.padEnd(32) +
      (then ? String(old ?? '–').padStart(8) : '') +
      String(lines ?? '–').padStart(8) +
      (then && lines !== undefined && old ? `${Math.round((lines / old - 1) * 100)} %`.padStart(8) : ''),
  );

console.log(
  `${'folder'.padEnd(32)}${then ? (before ?? '').slice(0, 7).padStart(8) : ''}${'now'.padStart(8)}`,
);
for (const folder of folders) row(folder, now.get(folder), then?.get(folder));
for (const root of roots) row(`${root} in all`, sum(now, root), then && sum(then, root));
row('all', sum(now), then && sum(then));
