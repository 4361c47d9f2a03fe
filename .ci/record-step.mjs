/** `record-step.mjs STEP RESULT SECONDS`, with the step's output on stdin: renews its row in docs/full-run.md. */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { stripVTControlCharacters } from 'node:util';

const file = 'docs/full-run.md';
const [step = '', result = '', seconds] = process.argv.slice(2);
const steps = [...readFileSync('.ci/full', 'utf8').matchAll(/^step "([^"]+)"/gm)].map(([, name]) => name);
const git = (/** @type {string[]} */ ...words) => execFileSync('git', words, { encoding: 'utf8' }).trim();

/** @type {Map<string | undefined, string>} */
const rows = new Map();
/** The checks that a step skipped, by step. @type {Map<string | undefined, string>} */
const skips = new Map();
if (existsSync(file)) {
  const before = readFileSync(file, 'utf8');
  for (const row of before.matchAll(/^\| `([^`]+)` .*$/gm)) rows.set(row[1], row[0]);
  for (const skip of before.matchAll(/^- `([^`]+)`: .*$/gm)) skips.set(skip[1], skip[0]);
}
const output = stripVTControlCharacters(readFileSync(0, 'utf8'));
const tests = [...output.matchAll(/^Tests:.*?(\d+) passed/gm)].reduce(
  (sum, [, passed]) => sum + Number(passed),
  0,
);
const skipped = [...new Set([...output.matchAll(/^ *not checked: (.*)$/gm)].map(([, name]) => name))];
const details = [
  ...(tests > 0 ? [`${tests} tests`] : []),
  ...(skipped.length > 0 ? [`${skipped.length} not checked`] : []),
];
const node = step.endsWith('-24') ? 'v24' : process.version;
const changed = git('status', '--porcelain', '--untracked-files=no', '--', ':!docs/full-run.md')
  ? ' (changed)'
  : '';
const commit = `${git('rev-parse', '--short', 'HEAD')}${changed}`;
const date = new Date().toISOString().slice(0, 16).replace('T', ' ');
const found = [result, `${seconds} s`, ...details].join(', ');
rows.set(step, `| \`${step}\` | ${found} | ${commit}, Node ${node}, ${date} |`);

if (skipped.length > 0) skips.set(step, `- \`${step}\`: ${skipped.join('; ')}`);
else skips.delete(step);
const notChecked = steps.flatMap((name) => skips.get(name) ?? []);

writeFileSync(
  file,
  `# The last full run

\`.ci/full\` renews the row of each step that it runs. Times are UTC.

| step | result | commit, Node, date |
| --- | --- | --- |
${steps.flatMap((name) => rows.get(name) ?? []).join('\n')}
${notChecked.length > 0 ? `\nNot checked on that machine:\n\n${notChecked.join('\n')}\n` : ''}`,
);
execFileSync('node_modules/.bin/biome', ['format', '--write', file], { stdio: 'ignore' });
