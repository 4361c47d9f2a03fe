/**
 * `npm run lint` counts type assertions in `service/` (`x as Y`; `as const` and `as unknown` assert nothing). Each says what the compiler
 * can't see, and may be wrong: type the value where it comes from instead. The number only falls.
 */
import ts from 'typescript';
import { sourcesIn } from './sources.js';

const most = 30;

const casts: string[] = [];
for (const { file, source } of sourcesIn(['service']))
  (function visit(node: ts.Node): void {
    if (ts.isAsExpression(node) && !['const', 'unknown'].includes(node.type.getText(source))) {
      const { line } = source.getLineAndCharacterOfPosition(node.type.getStart(source));
      casts.push(`${file}:${line + 1}  ${node.getText(source).replace(/\s+/g, ' ').slice(0, 100)}`);
    }
    ts.forEachChild(node, visit);
  })(source);

if (casts.length > most || process.argv.includes('--list')) console.log(casts.join('\n'));
if (casts.length > most) {
  console.error(`service/ has ${casts.length} type assertions; ${most} are allowed.`);
  process.exitCode = 1;
}
