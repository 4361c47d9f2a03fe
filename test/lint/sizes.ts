/**
 * `npm run lint` holds the size of files and functions: a file is one subject (300 lines), and a function one screen (60
 * lines). Tables are longer. The exceptions below are those that there were when the check was made: the list only shrinks.
 */
import ts from 'typescript';
import { sourcesIn } from './sources.js';

const mostOfFile = 300;
const mostOfFunction = 60;

/** Data, generated or written: their length depends on their data. */
const tables =
  /^(client\/api|service\/(settings\/table|cli\/calls|web\/texts\/\w+|domain\/error-catalog\/\w+))\.ts$/;

/** `FILE` or `FILE:FUNCTION`. */
const exceptions: readonly string[] = [
  'aws-sandbox/iam-entity-policies.ts:actionsOf',
  'aws-sandbox/server.ts:startAwsSandbox',
  'service/actions/reverify-connection.ts:reverifyConnection',
  'service/api/auth.ts:createAuth',
  'service/api/mount.ts:mount',
  'service/aws/organization-limiter.ts:createOrganizationLimiter',
  'service/aws/sts.ts:createSts',
  'service/jobs/index.ts:runJobs',
  'service/jobs/scheduler.ts:startScheduler',
  'service/metrics/metrics.ts:createMetrics',
  'service/records/connections.ts:connectionsIn',
  'service/role-sessions/open-session.ts:openWith',
  'service/server/wiring.ts:wire',
  'service/templates/aws-cli-commands.ts:awsCliCommands',
  'service/templates/cloudformation-template.ts:templateDocument',
  'service/templates/stack-set-template.ts:stackSetDocument',
  'service/templates/terraform-configuration.ts:terraformConfiguration',
  'service/web/components/permission-set.tsx:PermissionSetStatements',
  'service/web/components/scope-fields.tsx:ScopeFields',
  'service/web/operator/organization.tsx:OrganizationView',
  'service/web/operator/sign-in.tsx:addOperatorSignIn',
  'service/web/pages/access-key.tsx:addAccessKeyPages',
  'service/web/pages/check.tsx:addCheckPages',
  'service/web/pages/connection.tsx:addConnectionPages',
  'service/web/pages/delete.tsx:DeletePage',
  'service/web/pages/rotate.tsx:addRotatePages',
  'service/web/pages/scope.tsx:addScopePages',
  'service/web/pages/success.tsx:SuccessPage',
  'service/web/session.ts:createSessions',
  'service/webhooks/index.ts:deliverMessages',
];

const found: { readonly place: string; readonly lines: number; readonly most: number }[] = [];
for (const { file, text, source } of sourcesIn(['aws-sandbox', 'client', 'constructs', 'service'])) {
  if (tables.test(file)) continue;
  const lines = text.split('\n').length - 1;
  if (lines > mostOfFile) found.push({ place: file, lines, most: mostOfFile });
  (function visit(node: ts.Node): void {
    if (ts.isFunctionLike(node) && 'body' in node && node.body) {
      const lineAt = (position: number) => source.getLineAndCharacterOfPosition(position).line;
      const length = lineAt(node.end) - lineAt(node.getStart(source)) + 1;
      if (length > mostOfFunction)
        found.push({ place: `${file}:${nameOf(node)}`, lines: length, most: mostOfFunction });
    }
    ts.forEachChild(node, visit);
  })(source);
}

/** The name of a function, or of its owner. */
function nameOf(node: ts.Node): string {
  if (ts.isSourceFile(node)) return 'function';
  const isNamed =
    ts.isFunctionDeclaration(node) ||
    ts.isMethodDeclaration(node) ||
    ts.isVariableDeclaration(node) ||
    ts.isPropertyAssignment(node) ||
    ts.isClassDeclaration(node);
  return (isNamed && node.name?.getText()) || nameOf(node.parent);
}

const places = new Set(found.map(({ place }) => place));
const tooLong = found.filter(({ place }) => !exceptions.includes(place));
const outgrown = exceptions.filter((place) => !places.has(place));
for (const { place, lines, most } of tooLong)
  console.error(`${place} has ${lines} lines; ${most} are allowed.`);
for (const place of outgrown)
  console.error(`${place} is no exception any more: take it from test/lint/sizes.ts.`);
if (tooLong.length + outgrown.length > 0) process.exitCode = 1;
