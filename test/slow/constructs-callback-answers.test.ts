/**
 * Wrong and hostile answers to a callback, generated from the tables of its answers, one
 * deploy for each member of each answer and each bad value.
 */
import { Readable } from 'node:stream';
import { createOpenApiDocument } from '../../service/api/openapi.js';
import { operations } from '../../service/api/operations.js';
import { closeVendor, ROLE_ARN, run } from '../constructs/callback-run.js';
import { connected, type VendorAnswer } from '../constructs/vendor.js';

afterEach(closeVendor);

interface Schema {
  $ref?: string;
  properties?: Record<string, Schema>;
  items?: Schema;
  additionalProperties?: Schema | boolean;
  anyOf?: Schema[];
  oneOf?: Schema[];
}

// zod-openapi's own type of the document is wider than the part read here.
const { schemas } = createOpenApiDocument(operations, '').components as unknown as {
  schemas: Record<string, Schema>;
};

/** Each member of an answer, also inside others; `[]` is the element of a list. */
function membersOf(answer: string): string[] {
  const paths = new Set<string>();
  const walk = (schema: Schema, path: string, depth: number): void => {
    if (path !== '') paths.add(path);
    if (depth > 8) return;
    const resolved = schema.$ref === undefined ? schema : schemas[schema.$ref.split('/').at(-1) ?? ''];
    for (const one of [...(resolved?.anyOf ?? []), ...(resolved?.oneOf ?? [])]) walk(one, path, depth + 1);
    for (const [name, each] of Object.entries(resolved?.properties ?? {}))
      walk(each, path === '' ? name : `${path}.${name}`, depth + 1);
    if (resolved?.items) walk(resolved.items, `${path}.[]`, depth + 1);
  };
  walk({ $ref: answer }, '', 0);
  return [...paths];
}

/** The answer with the value at the path, and everything that the path needs. */
function withMember(answer: unknown, path: readonly string[], value: unknown): unknown {
  const [name, ...rest] = path;
  if (name === undefined) return value;
  if (name === '[]') return [withMember(Array.isArray(answer) ? answer[0] : {}, rest, value)];
  const members = typeof answer === 'object' && answer !== null && !Array.isArray(answer) ? answer : {};
  return { ...members, [name]: withMember(Object(members)[name], rest, value) };
}

const OTHER = 'con_aaaaaaaaaaaaaaaaaaaaaaaa';
const BAD = {
  'draws on the terminal': `\u001b[2J\r\n::error::x\u202e${'A '.repeat(500)}`,
  'is huge': 'x'.repeat(200_000),
  'is of another shape': [null, [[]], { message: 1, checks: 'x' }],
  'is about another connection': {
    id: OTHER,
    roleArn: 'arn:aws:iam::111122223333:role/other',
    page: 'javascript:alert(1)',
  },
};

const CHECK = {
  CONNECT_EVENT: 'connection.check',
  CONNECT_ROLE_ARN: '',
  CONNECT_ROLE_ID: '',
  CONNECT_ACCOUNT_ID: '210987654321',
};
const failedCheck = {
  checks: [{ name: 'account', outcome: 'failed', code: 'account_mismatch', message: 'm', remedy: 'r' }],
};
const refusal = {
  type: 'about:blank',
  title: 't',
  status: 422,
  code: 'role_not_assumable',
  detail: 'd',
  remedy: 'r',
};

const ANSWERS: Record<
  string,
  { schema: string; status: number; body: object; environment: Record<string, string> }
> = {
  connection: {
    schema: 'Connection',
    status: 200,
    body: Object(
      connected({
        headers: {},
        at: 0,
        body: JSON.stringify({
          type: 'role.provisioned',
          data: { connectionId: 'con_8f3kQz', roleArn: ROLE_ARN },
        }),
      }).body,
    ),
    environment: {},
  },
  preflight: { schema: 'Preflight', status: 200, body: failedCheck, environment: CHECK },
  problem: { schema: 'Problem', status: 422, body: refusal, environment: {} },
};
const cases = Object.entries(ANSWERS).flatMap(([name, { schema }]) =>
  membersOf(schema).map((path) => [name, path]),
);

test('covers every member of the three answers', () => {
  expect(cases.length).toBeGreaterThan(80);
  const paths = cases.map(([name, path]) => `${name}: ${path}`);
  expect(paths).toEqual(
    expect.arrayContaining([
      'connection: roleArn',
      'connection: verification.checks.[].name',
      'preflight: checks.[].remedy',
      'problem: detail',
    ]),
  );
});

/** The end of an answer that is one, whatever is in it. */
const VERDICT = /^northwind: (not connected|connected to|(not )?ready to connect)/m;

test.each(cases)(
  '%s: a bad %s ends as an answer within one screen, without control characters',
  async (name, path) => {
    const { status, body, environment } = ANSWERS[name ?? ''] ?? failed(name);
    for (const value of Object.values(BAD)) {
      const answered = withMember(body, (path ?? '').split('.'), value);
      const { code, output } = await run((): VendorAnswer => ({ status, body: answered }), environment);
      await closeVendor();
      expect(output).not.toMatch(/the callback failed|^::error/m);
      expect(output).toMatch(VERDICT);
      for (const drawing of ['\u001b', '\u202e', '\r']) expect(output).not.toContain(drawing);
      expect(output.length).toBeLessThan(20_000);
      // Of another connection, or of another role, nothing is connected.
      if (name !== 'connection' || ['id', 'roleArn', 'status'].includes(path ?? ''))
        expect([path, code]).toEqual([path, 1]);
    }
  },
);

/** A member that never ends: the answer is cut off, long before the deadline. */
const topLevel = cases.filter(([, path]) => !path?.includes('.'));
test.each(topLevel)('%s: an endless %s is aborted', async (name, path) => {
  const { status, environment } = ANSWERS[name ?? ''] ?? failed(name);
  function* endless() {
    yield `{"${path}":"`;
    for (;;) yield 'x'.repeat(16_384);
  }
  const { code, output, tookMs } = await run(() => ({ status, body: Readable.from(endless()) }), environment);
  expect([code, output]).toEqual([1, expect.stringMatching(VERDICT)]);
  expect(tookMs).toBeLessThan(15_000);
});

function failed(name: string | undefined): never {
  throw new Error(`There is no answer ${name}.`);
}
