import { z } from 'zod';
import { errorsOf, type Operation } from '../api/operation.js';
import type { statusMessages } from '../api/status-messages.js';
import { errorCatalog } from '../domain/error-catalog/index.js';
import { Fold, Link } from './components/basics.js';
import { Code } from './components/code.js';
import { Title } from './layout.js';
import type { Routes } from './site.js';

/** The API reference at `/docs`, made of the same table as `/openapi.json`: no request to any other site, no script. */
export function addApiReference(routes: Routes): void {
  routes.get('/docs', async (visit) => {
    const [{ operations }, { statusMessages }] = await Promise.all([
      import('../api/operations.js'),
      import('../api/status-messages.js'),
    ]);
    return visit.send(<Reference operations={operations} messages={statusMessages} />);
  });
}

const auths: Record<Operation['auth'], string> = {
  organization: 'Authorization: Bearer, with an API key of one organization',
  metrics_token: 'Authorization: Bearer, with the token for metrics',
  operator: 'Authorization: Bearer, with the operator’s token',
  status_token: 'Authorization: Bearer, with the connection’s status token',
  setup_code: 'Authorization: Bearer, with a set-up code of the connection',
  signature: 'a Standard Webhooks signature with the connection’s callback secret',
  none: 'nothing',
};

type Messages = typeof statusMessages;

function Reference(props: { operations: Readonly<Record<string, Operation>>; messages: Messages }) {
  const entries = Object.entries(props.operations);
  const tags = [...new Set(entries.map(([, { tag }]) => tag))];
  return (
    <div class="reference" lang="en">
      <Title text="API reference" />
      <p>
        The same as <Link path="/openapi.json">OpenAPI 3.1</Link>, for people. Errors are problem details (RFC
        9457) with a stable code and a remedy; 429 and 503 carry Retry-After and are never a verdict.
      </p>
      <nav aria-label="Calls" class="card card-pad calls">
        {tags.map((tag) => (
          <Contents
            title={tag}
            calls={entries
              .filter(([, operation]) => operation.tag === tag)
              .map(([id, operation]) => [id, callOf(operation), operation.summary])}
          />
        ))}
        <Contents title="webhooks" calls={props.messages.map(({ type, summary }) => [type, type, summary])} />
      </nav>
      {entries.map(([id, operation]) => (
        <OperationView id={id} operation={operation} />
      ))}
      {props.messages.map((message) => (
        <MessageView message={message} />
      ))}
    </div>
  );
}

const callOf = ({ method, path }: Operation): string => `${method.toUpperCase()} ${path}`;

const Contents = (props: {
  title: string;
  calls: readonly (readonly [id: string, name: string, summary: string])[];
}) => (
  <>
    <h2>{props.title}</h2>
    <ul>
      {props.calls.map(([id, name, summary]) => (
        <li>
          <a href={`#${id}`}>
            <code>{name}</code>
          </a>{' '}
          <small>{summary}</small>
        </li>
      ))}
    </ul>
  </>
);

const MessageView = ({ message: { type, summary, schema } }: { message: Messages[number] }) => (
  <section aria-labelledby={type} class="card card-pad call">
    <h2 id={type}>
      <code>{type}</code>
    </h2>
    <p>{summary} Sent to the vendor’s endpoints, signed as Standard Webhooks says.</p>
    <h3>
      Members of <code>data</code>
    </h3>
    <Members schema={schema.shape.data} io="output" />
  </section>
);

function OperationView({ id, operation }: { id: string; operation: Operation }) {
  const { summary, description, auth, query, body, answer, examples } = operation;
  const [example] = Object.values(examples).filter(({ returns }) => typeof returns === 'number');
  return (
    <section aria-labelledby={id} class="card card-pad call">
      <h2 id={id}>
        <code>{callOf(operation)}</code>
      </h2>
      <p>
        {summary} {description}
      </p>
      <p class="small muted">Authentication: {auths[auth]}.</p>
      {query && (
        <>
          <h3>Query</h3>
          <Members schema={query} />
        </>
      )}
      {body && (
        <>
          <h3>Body</h3>
          <Members schema={body} />
        </>
      )}
      {example?.body !== undefined && (
        <Code
          id={`${id}-example`}
          title={`Example of ${summary}`}
          text={JSON.stringify(example.body, null, 2)}
        />
      )}
      <h3>Answer {answer.status}</h3>
      <p>{answer.description}</p>
      {answer.schema && (
        <Fold title="Its members">
          <Members schema={answer.schema} io="output" />
        </Fold>
      )}
      <h3>Problems</h3>
      <ul>
        {errorsOf(operation).map((code) => (
          <li>
            {operation.statusOf?.[code] ?? errorCatalog[code].status}{' '}
            <Link path={`/problems/${code}`}>
              <code>{code}</code>
            </Link>{' '}
            <small>{errorCatalog[code].title}</small>
          </li>
        ))}
      </ul>
    </section>
  );
}

interface JsonSchema {
  readonly $defs?: Readonly<Record<string, JsonSchema>>;
  readonly type?: string;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly description?: string;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly anyOf?: readonly JsonSchema[];
  readonly oneOf?: readonly JsonSchema[];
  readonly items?: JsonSchema;
  readonly format?: string;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly default?: unknown;
}

function Members({ schema, io = 'input' }: { schema: z.ZodType; io?: 'input' | 'output' }) {
  const json = inlined(
    z.toJSONSchema(schema, { io, unrepresentable: 'any', reused: 'inline' }) as JsonSchema,
  );
  const shapes = shapesOf(json);
  return (
    <>
      {shapes.map(({ properties = {}, required = [] }) => (
        <table class="members">
          <thead>
            <tr>
              <th scope="col">Member</th>
              <th scope="col">What it takes</th>
            </tr>
          </thead>
          <tbody>
            {Object.entries(properties).map(([name, member]) => (
              <tr>
                <th scope="row">
                  <code>{name}</code>
                  {!required.includes(name) && <small> optional</small>}
                </th>
                <td>{rulesOf(member)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      ))}
    </>
  );
}

/** The variants of a union, or the schema itself. */
const shapesOf = (schema: JsonSchema): readonly JsonSchema[] =>
  (schema.oneOf ?? schema.anyOf)?.flatMap(shapesOf) ?? [schema];

/** The schema with its named definitions in place of the references to them. */
const inlined = (schema: JsonSchema, definitions = schema.$defs ?? {}): JsonSchema =>
  JSON.parse(JSON.stringify({ ...schema, $defs: undefined }), (_name, value) => {
    if (typeof value?.$ref !== 'string') return value;
    const { $ref, ...members } = value;
    return { ...inlined(definitions[$ref.split('/').at(-1)] ?? {}, definitions), ...members };
  });

function rulesOf(member: JsonSchema): string {
  const parts = [
    member.const !== undefined && JSON.stringify(member.const),
    member.enum && `one of ${member.enum.map((value) => JSON.stringify(value)).join(', ')}`,
    !member.const && !member.enum && typeOf(member),
    member.format,
    member.minLength !== undefined && `at least ${member.minLength} characters`,
    member.maxLength !== undefined && `at most ${member.maxLength} characters`,
    isWritten(member.minimum) && `at least ${member.minimum}`,
    isWritten(member.maximum) && `at most ${member.maximum}`,
    member.default !== undefined && `default ${JSON.stringify(member.default)}`,
    member.description,
  ];
  return parts.filter(Boolean).join(', ');
}

const isWritten = (bound: number | undefined): boolean =>
  bound !== undefined && Math.abs(bound) < Number.MAX_SAFE_INTEGER;

function typeOf({ type, items, properties, anyOf, oneOf }: JsonSchema): string {
  if (properties) return `{ ${Object.keys(properties).join(', ')} }`;
  if (type === 'array') return `list of ${items ? typeOf(items) : 'anything'}`;
  const either = anyOf ?? oneOf;
  if (either) return [...new Set(either.map(typeOf))].join(' or ');
  return type ?? 'anything';
}
