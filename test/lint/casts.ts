/**
 * `npm run lint` counts type assertions in `service/` (`x as Y`; `as const` and `as unknown` assert nothing), and unstated
 * assertions: `any`, and a text of `JSON.parse` that gets a type without a schema. Each states a fact that the compiler
 * can't check: type the value where it comes from instead. The number only falls.
 */
import ts from 'typescript';
import { sourcesIn } from './sources.js';

const most = 29;

/** `const value: Thing = JSON.parse(text)`, or a function that returns it as its type. */
function isTypedJson(node: ts.Node): boolean {
  if (!ts.isCallExpression(node) || node.expression.getText() !== 'JSON.parse') return false;
  const { parent } = node;
  const type =
    (ts.isVariableDeclaration(parent) || ts.isArrowFunction(parent)) && parent.type
      ? parent.type.getText()
      : '';
  return (
    !['', 'unknown'].includes(type) || (ts.isPropertyAccessExpression(parent) && parent.expression === node)
  );
}

const casts: string[] = [];
for (const { file, source } of sourcesIn(['service']))
  (function visit(node: ts.Node): void {
    const isCast =
      ts.isAsExpression(node) && !['const', 'unknown', 'any'].includes(node.type.getText(source));
    if (isCast || node.kind === ts.SyntaxKind.AnyKeyword || isTypedJson(node)) {
      const { line } = source.getLineAndCharacterOfPosition(node.getStart(source));
      casts.push(`${file}:${line + 1}  ${node.getText(source).replace(/\s+/g, ' ').slice(0, 100)}`);
    }
    ts.forEachChild(node, visit);
  })(source);

if (casts.length > most || process.argv.includes('--list')) console.log(casts.join('\n'));
if (casts.length > most) {
  console.error(`service/ has ${casts.length} type assertions; ${most} are allowed.`);
  process.exitCode = 1;
}
