import { z } from 'zod';
import { createDocument, type ZodOpenApiOperationObject } from 'zod-openapi';
import { type ErrorCode, errorCatalog } from '../domain/error-catalog/index.js';
import { type Auth, createsSomething, errorsOf, type Operation } from './operation.js';
import { problem } from './problem-schema.js';
import { statusMessages } from './status-messages.js';

/** The OpenAPI 3.1 document of the API, from the schemas that validate the requests. */
export function createOpenApiDocument(
  operations: Readonly<Record<string, Operation>>,
  serverUrl: string,
): ReturnType<typeof createDocument> {
  const paths: Record<string, Record<string, ZodOpenApiOperationObject>> = {};
  for (const [operationId, operation] of Object.entries(operations)) {
    paths[operation.path] = {
      ...paths[operation.path],
      [operation.method]: describe(operationId, operation),
    };
  }
  return createDocument(
    {
      openapi: '3.1.0',
      info: {
        title: 'Rolebridge',
        version: '1.0.0',
        description:
          'Connections to customers’ AWS accounts, and short-lived credentials for targets. Errors are problem details (RFC 9457) with a stable code and a remedy. 429 and 503 carry Retry-After and are never a verdict.',
        license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
      },
      servers: [{ url: serverUrl }],
      tags: [...new Set([...Object.values(operations).map(({ tag }) => tag), 'webhooks'])].map((name) => ({
        name,
      })),
      security: [{ apiKey: [] }],
      paths,
      webhooks: webhooks(),
      components: {
        securitySchemes: Object.fromEntries(
          Object.values(schemes).map(({ name, description }) => [
            name,
            { type: 'http' as const, scheme: 'bearer', description },
          ]),
        ),
      },
    },
    {
      // Answers can get new members: clients must not refuse unknown ones.
      override: ({ jsonSchema, io }) => {
        if (io === 'output' && jsonSchema.additionalProperties === false)
          delete jsonSchema.additionalProperties;
      },
    },
  );
}

const webhooks = () =>
  Object.fromEntries(
    statusMessages.map(({ type, summary, schema }) => [
      type,
      {
        post: {
          operationId: type.replace('.', '_'),
          summary,
          description: 'Sent to the subscribed webhook endpoints, at least once.',
          tags: ['webhooks'],
          security: [],
          requestParams: { header: webhookHeaders },
          requestBody: { required: true, content: { 'application/json': { schema } } },
          responses: {
            '2XX': { description: 'Accepted.' },
            '410': { description: 'Pauses the endpoint: one message an hour until it accepts one.' },
            default: { description: 'Retried for about a day.' },
          },
        },
      },
    ]),
  );

const schemes: Partial<Record<Auth, { readonly name: string; readonly description: string }>> = {
  organization: { name: 'apiKey', description: 'An API key of one organization.' },
  status_token: { name: 'statusToken', description: 'The status token of one connection.' },
  setup_code: { name: 'setupCode', description: 'A set-up code of one connection.' },
  operator: { name: 'operatorToken', description: "The operator's token." },
  metrics_token: { name: 'metricsToken', description: 'ROLEBRIDGE_METRICS_TOKEN.' },
};

const idempotencyHeader = z.object({
  'idempotency-key': z
    .string()
    .regex(/^[\x21\x23-\x7e]{1,255}$/)
    .optional()
    .meta({ description: 'The same request with the same key gets the same answer for 24 hours.' }),
});

const webhookHeaders = z.object({
  'webhook-id': z
    .string()
    .regex(/^[\w.-]{1,128}$/)
    .meta({ description: 'The id of the event, the same for every retry.' }),
  'webhook-timestamp': z
    .string()
    .regex(/^\d{1,11}$/)
    .meta({ description: 'Seconds since 1970.' }),
  'webhook-signature': z
    .string()
    .meta({ description: '"v1," and base64 of HMAC-SHA256 over "id.timestamp.body".' }),
});

function describe(operationId: string, operation: Operation): ZodOpenApiOperationObject {
  const { summary, description, tag, auth, answer, query, body, method } = operation;
  const names = [...operation.path.matchAll(/\{(\w+)\}/g)].map((match) => match[1]);
  return {
    operationId,
    summary,
    ...(description && { description }),
    tags: [tag],
    security: [auth, ...(operation.isForAllOrganizations ? (['operator'] as const) : [])].flatMap((each) =>
      schemes[each] ? [{ [schemes[each].name]: [] }] : [],
    ),
    requestParams: {
      ...(names.length > 0 && {
        path: z.object(Object.fromEntries(names.map((name) => [name, z.string()]))),
      }),
      ...(query && { query }),
      ...(auth === 'signature' && { header: webhookHeaders }),
      ...(createsSomething(operation) && { header: idempotencyHeader }),
    },
    ...(body && {
      requestBody: {
        required: true,
        content: { 'application/json': { schema: body, examples: requestExamples(operation) } },
      },
    }),
    ...((method === 'get' || !body) && { 'x-examples': operation.examples }),
    responses: {
      [answer.status]: {
        description: answer.description,
        ...(answer.schema && { content: { 'application/json': { schema: answer.schema } } }),
        ...(answer.file && { content: { [answer.file]: {} } }),
      },
      ...problemResponses(operation),
    },
  };
}

const requestExamples = ({ examples }: Operation) =>
  Object.fromEntries(
    Object.entries(examples).map(([name, example]) => [
      name,
      {
        summary:
          typeof example.returns === 'number'
            ? `Answers ${example.returns}.`
            : `Refused: ${example.returns}.`,
        value: example.body,
      },
    ]),
  );

/** The problems of a call by their status, with an example for each code. */
function problemResponses(operation: Operation) {
  const byStatus = new Map<number, ErrorCode[]>();
  for (const code of errorsOf(operation)) {
    const status = operation.statusOf?.[code] ?? errorCatalog[code].status;
    byStatus.set(status, [...(byStatus.get(status) ?? []), code]);
  }
  return Object.fromEntries(
    [...byStatus].map(([status, codes]) => [
      status,
      {
        description: codes.map((code) => `\`${code}\`: ${errorCatalog[code].title}.`).join('\n'),
        ...((status === 429 || status === 503) && {
          headers: z.object({
            'retry-after': z
              .string()
              .optional()
              .meta({ description: 'Seconds until the request can be retried.' }),
          }),
        }),
        'x-problem-codes': codes,
        content: {
          'application/problem+json': {
            schema: problem,
            examples: Object.fromEntries(
              codes.map((code) => [code, { value: problemExample(code, status) }]),
            ),
          },
        },
      },
    ]),
  );
}

const problemExample = (code: ErrorCode, status: number) => ({
  type: 'about:blank',
  title: errorCatalog[code].title,
  status,
  code,
  detail: `${errorCatalog[code].title}.`,
});
