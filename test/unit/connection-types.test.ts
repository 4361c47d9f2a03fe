/** A misspelled state or member does not compile, nor does a handler that returns another answer than it declares. */
import ts from 'typescript';

// Beside the service's modules, so that they share one zod.
const path = 'service/must-not-compile.ts';
const head = `
import type { Connection, ConnectedConnection, FailedConnection, PendingConnection } from './domain/connection.js';
import { connected, failed, type VerifiedRole } from './domain/connection-transitions.js';
declare const connection: Connection;
declare const waiting: PendingConnection;
declare const up: ConnectedConnection;
declare const down: FailedConnection;
declare const verified: VerifiedRole;
import { z } from 'zod';
import { defineOperation } from './api/operation.js';
const schema = z.object({ name: z.string(), notes: z.array(z.object({ text: z.string().optional() })).optional() });
const call = {
  method: 'get', path: '/v1/things', tag: 'Things', summary: '', auth: 'none', errors: [], examples: {},
  answer: { status: 200, description: '', schema },
} as const;
`;

const config = ts.readConfigFile('tsconfig.json', ts.sys.readFile);
const { options } = ts.parseJsonConfigFileContent(config.config, ts.sys, '.', {
  noEmit: true,
  types: ['node'],
});

/** The compiler's errors for each of these, with one program for all. */
function complaints(sources: readonly string[]): string[] {
  const fileOf = (index: number) => path.replace('.ts', `-${index}.ts`);
  const texts = new Map(sources.map((source, index) => [fileOf(index), head + source]));
  const host = ts.createCompilerHost(options);
  const { readFile, fileExists, getSourceFile } = host;
  host.fileExists = (name) => texts.has(name) || fileExists(name);
  host.readFile = (name) => texts.get(name) ?? readFile(name);
  host.getSourceFile = (name, languageVersion, ...rest) => {
    const text = texts.get(name);
    return text === undefined
      ? getSourceFile(name, languageVersion, ...rest)
      : ts.createSourceFile(name, text, languageVersion);
  };
  const program = ts.createProgram([...texts.keys()], options, host);
  return sources.map((_, index) =>
    program
      .getSemanticDiagnostics(program.getSourceFile(fileOf(index)))
      .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'))
      .join('\n'),
  );
}

const right = [
  'export const next: Connection = connected(connection, verified);',
  "export const next: Connection = { ...waiting, status: 'pending' };",
  "export const isUp = connection.status === 'connected';",
  "defineOperation({ ...call, handler: async () => ({ name: 'shop', notes: [{ text: 'new' }] }) });",
];
const wrong: readonly (readonly [string, string, RegExp])[] = [
  ['a misspelled state', "export const next: Connection = { ...waiting, status: 'conected' };", /conected/],
  [
    'a state that is compared misspelled',
    "export const isUp = connection.status === 'conected';",
    /conected|overlap/,
  ],
  ['a misspelled member', 'export const arn = up.rolArn;', /rolArn/],
  [
    'a misspelled member given to a transition',
    'connected(connection, { ...verified, asurance: 1 } as const);\nfailed(down, { roleArn: up.roleArn, verificaton: 1 });',
    /verificaton/,
  ],
  [
    'a member left out',
    'const { roleId, ...rest } = verified;\nexport const next = connected(connection, rest);',
    /roleId/,
  ],
  ['a member of another state', 'export const arn = waiting.roleArn;', /roleArn/],
  [
    'a connection that is put together without its role',
    "export const next: ConnectedConnection = { ...waiting, status: 'connected' };",
    /roleArn|accountId/,
  ],
  [
    'an id of another kind',
    'export const id: Connection["id"] = connection.organizationId;',
    /ConnectionId|assignable/,
  ],
  ['an answer without a member', 'defineOperation({ ...call, handler: () => ({}) });', /name/],
  [
    'an answer with a member of another type',
    'defineOperation({ ...call, handler: async () => ({ name: 1 }) });',
    /number/,
  ],
  [
    'an answer with a member that is not documented',
    "defineOperation({ ...call, handler: async () => ({ name: 'shop', hash: '9f' }) });",
    /isNotInTheAnswer: "hash"/,
  ],
  [
    'an answer with such a member further in',
    "defineOperation({ ...call, handler: async () => ({ name: 'shop', notes: [{ text: '', txet: 'new' }] }) });",
    /isNotInTheAnswer: "txet"/,
  ],
  ['a change in place', "up.status = 'failed';", /read-only|assignable/],
];

test("valid code compiles, and misspelled code doesn't", () => {
  const said = complaints([...right, ...wrong.map(([, source]) => source)]);
  expect(said.slice(0, right.length)).toEqual(right.map(() => ''));
  for (const [index, [name, , complaint]] of wrong.entries())
    expect([name, said[right.length + index]]).toEqual([name, expect.stringMatching(complaint)]);
});
