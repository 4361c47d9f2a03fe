/** Arbitrary calls of the API, from its OpenAPI document. */
import fc, { type Arbitrary } from 'fast-check';
import type { Schema } from '../json-schema.js';
import { broken, hostileBody, hostileText, wellFormed } from './hostile.js';
import { valueFitting } from './schema-arbitrary.js';

export interface Call {
  readonly operationId: string;
  readonly method: string;
  /** Of the document, such as `/v1/connections/{id}`. */
  readonly route: string;
  /** Values of path parameters: the nth existing object, or a text. */
  readonly named: number | string;
  readonly query: string;
  readonly body: unknown;
  readonly rawBody: string | Buffer | undefined;
  /** The nth role that there is takes the place of a role ARN in the body. */
  readonly role: number | undefined;
  readonly headers: Readonly<Record<string, string>>;
  readonly proof: 'right' | 'none' | 'another';
  /** Of a callback. */
  readonly webhook: {
    readonly id: string | undefined;
    readonly secondsOff: number;
    readonly isSigned: boolean;
  };
}

interface Operation {
  readonly operationId: string;
  readonly parameters?: readonly { in: string; name: string; schema: Schema }[];
  readonly requestBody?: {
    readonly content: Record<string, { schema: Schema; examples?: Record<string, { value: unknown }> }>;
  };
}

export interface OpenApi {
  readonly paths: Record<string, Record<string, Operation>>;
}

const headers: Arbitrary<Record<string, string>> = fc.oneof(
  { weight: 6, arbitrary: fc.constant({}) },
  {
    weight: 1,
    arbitrary: fc.constantFrom<Record<string, string>>(
      { 'content-type': 'text/plain' },
      { 'content-type': 'application/json; charset=utf-16' },
      { 'content-encoding': 'gzip' },
      { 'x-http-method-override': 'DELETE' },
      { 'x-forwarded-for': '127.0.0.1', 'x-forwarded-host': 'evil.example', 'x-forwarded-proto': 'https' },
      { 'x-original-url': '/v1/organizations', 'x-rewrite-url': '/v1/organizations' },
      { host: 'evil.example' },
      { accept: 'text/html' },
      { origin: 'null' },
      { expect: '100-continue' },
      { range: 'bytes=0-1' },
      { 'if-none-match': '*' },
      { 'x-external-id': 'mine' },
    ),
  },
);

export function callOf(document: OpenApi): Arbitrary<Call> {
  const operations = Object.entries(document.paths).flatMap(([route, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({
      route,
      method: method.toUpperCase(),
      operation,
    })),
  );
  return fc.oneof(
    ...operations.map(({ route, method, operation }) => {
      const content = Object.values(operation.requestBody?.content ?? {})[0];
      const query = Object.fromEntries(
        (operation.parameters ?? [])
          .filter((parameter) => parameter.in === 'query')
          .map(({ name, schema }) => [name, fc.option(valueFitting(schema), { nil: undefined })]),
      );
      return fc.record<Call>({
        operationId: fc.constant(operation.operationId),
        method: fc.constant(method),
        route: fc.constant(route),
        named: fc.oneof({ weight: 5, arbitrary: fc.nat(50) }, { weight: 2, arbitrary: hostileText }),
        query: fc.oneof(
          { weight: 3, arbitrary: fc.record(query).map(queryText) },
          { weight: 1, arbitrary: hostileQuery },
        ),
        body: content ? bodyOf(content) : fc.constant(undefined),
        rawBody: fc.oneof(
          { weight: 6, arbitrary: fc.constant(undefined) },
          { weight: 1, arbitrary: hostileBody },
        ),
        role: fc.option(fc.nat(50), { nil: undefined, freq: 2 }),
        headers,
        proof: fc.constantFrom('right', 'right', 'right', 'right', 'right', 'right', 'none', 'another'),
        webhook: fc.record({
          id: fc.option(fc.constantFrom('msg_1', 'msg_2', 'msg_3', '', 'a\u00e9', 'x'.repeat(200)), {
            nil: undefined,
          }),
          secondsOff: fc.constantFrom(0, 0, 0, 0, 299, -299, 301, -301, 1e9),
          isSigned: fc.constantFrom(true, true, true, true, false),
        }),
      });
    }),
  );
}

function bodyOf(content: {
  schema: Schema;
  examples?: Record<string, { value: unknown }>;
}): Arbitrary<unknown> {
  const examples = Object.values(content.examples ?? {}).map(({ value }) => value);
  const valid = fc.oneof(
    valueFitting(content.schema),
    ...(examples.length > 0 ? [fc.constantFrom(...examples)] : []),
  );
  return fc.oneof({ weight: 2, arbitrary: valid }, { weight: 3, arbitrary: broken(valid) });
}

const queryText = (query: Record<string, unknown>): string =>
  Object.entries(query)
    .flatMap(([name, value]) =>
      value === undefined ? [] : [`${name}=${encodeURIComponent(wellFormed(String(value)))}`],
    )
    .join('&');

const hostileQuery = fc.oneof(
  fc.constantFrom(
    'a=1&a=2',
    'a[b]=1',
    'project=%00',
    'project=%',
    'project=%ff',
    '__proto__=x',
    '=',
    '&&&',
    '?',
    'project=a&project=b',
  ),
  hostileText.map((text) => encodeURIComponent(wellFormed(text))),
);
