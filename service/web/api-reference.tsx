import { commonErrors, errorsOf, type Operation } from '../api/operation.js';
import type { statusMessages } from '../api/status-messages.js';
import { type ErrorCode, errorCatalog } from '../domain/error-catalog/index.js';
import { Link } from './components/basics.js';
import { Code } from './components/code.js';
import { type JsonSchema, jsonOf } from './json-schema.js';
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
  const objects = objectsOf(
    entries.map(([, operation]) => operation),
    props.messages,
  );
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
        <Contents
          title="Objects"
          calls={objects.map(([name, { description = '' }]) => [name, name, description])}
        />
      </nav>
      <section aria-labelledby="problems" class="card card-pad call">
        <h2 id="problems">Problems of every call</h2>
        <Problems codes={commonErrors} />
      </section>
      {entries.map(([id, operation]) => (
        <OperationView id={id} operation={operation} />
      ))}
      {props.messages.map((message) => (
        <MessageView message={message} />
      ))}
      {objects.map(([name, schema]) => (
        <section aria-labelledby={name} class="card card-pad call">
          <h2 id={name}>
            <code>{name}</code>
          </h2>
          <Members schema={schema} />
        </section>
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
    <Members schema={jsonOf(schema.shape.data, 'output')} />
  </section>
);

function OperationView({ id, operation }: { id: string; operation: Operation }) {
  const { summary, description, auth, query, body, answer, examples } = operation;
  const own = errorsOf(operation).filter((code) => !commonErrors.includes(code));
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
          <Members schema={jsonOf(query, 'input')} />
        </>
      )}
      {body && (
        <>
          <h3>Body</h3>
          <Members schema={jsonOf(body, 'input')} />
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
      {answer.schema && <Members schema={jsonOf(answer.schema, 'output')} />}
      {own.length > 0 && (
        <>
          <h3>Problems</h3>
          <Problems codes={own} statusOf={operation.statusOf} />
        </>
      )}
    </section>
  );
}

const Problems = (props: { codes: readonly ErrorCode[]; statusOf?: Operation['statusOf'] }) => (
  <ul>
    {props.codes.map((code) => (
      <li>
        {props.statusOf?.[code] ?? errorCatalog[code].status}{' '}
        <Link path={`/problems/${code}`}>
          <code>{code}</code>
        </Link>{' '}
        <small>{errorCatalog[code].title}</small>
      </li>
    ))}
  </ul>
);

/** Each named schema of requests and answers, once: the places that use it link to it. */
function objectsOf(
  operations: readonly Operation[],
  messages: Messages,
): [name: string, schema: JsonSchema][] {
  const inputs = operations.flatMap(({ query, body }) => [query, body]);
  const outputs = [...operations.map(({ answer }) => answer.schema), ...messages.map(({ schema }) => schema)];
  const schemas = [
    ...inputs.flatMap((schema) => (schema ? [jsonOf(schema, 'input')] : [])),
    ...outputs.flatMap((schema) => (schema ? [jsonOf(schema, 'output')] : [])),
  ];
  return Object.entries(Object.assign({}, ...schemas.map(({ $defs }) => $defs)));
}

function Members({ schema }: { schema: JsonSchema }) {
  return (
    <>
      {variantsOf(schema).map((variant) =>
        variant.properties ? (
          <MemberTable {...variant} />
        ) : (
          <p>
            <Rules {...variant} />
          </p>
        ),
      )}
    </>
  );
}

/** The variants of a union, or the schema itself. */
const variantsOf = (schema: JsonSchema): readonly JsonSchema[] =>
  (schema.oneOf ?? schema.anyOf)?.flatMap(variantsOf) ?? [schema];

const MemberTable = ({ properties = {}, required = [] }: JsonSchema) => (
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
          <td>
            <Rules {...member} />
          </td>
        </tr>
      ))}
    </tbody>
  </table>
);

function Rules(member: JsonSchema) {
  const hasValues = member.const !== undefined || member.enum !== undefined;
  const parts = [
    member.const !== undefined && JSON.stringify(member.const),
    member.enum && `one of ${member.enum.map((value) => JSON.stringify(value)).join(', ')}`,
    member.format,
    member.minLength !== undefined && `at least ${member.minLength} characters`,
    member.maxLength !== undefined && `at most ${member.maxLength} characters`,
    isWritten(member.minimum) && `at least ${member.minimum}`,
    isWritten(member.maximum) && `at most ${member.maximum}`,
    member.default !== undefined && `default ${JSON.stringify(member.default)}`,
    member.description,
  ].filter(Boolean);
  return (
    <>
      {!hasValues && <TypeName {...member} />}
      {!hasValues && parts.length > 0 && ', '}
      {parts.join(', ')}
    </>
  );
}

const isWritten = (bound: number | undefined): boolean =>
  bound !== undefined && Math.abs(bound) < Number.MAX_SAFE_INTEGER;

function TypeName({ $ref, type, items, properties, anyOf, oneOf }: JsonSchema) {
  const name = $ref?.split('/').at(-1);
  if (name) return <a href={`#${name}`}>{name}</a>;
  if (properties) return <>{`{ ${Object.keys(properties).join(', ')} }`}</>;
  if (type === 'array') return <>list of {items ? <TypeName {...items} /> : 'anything'}</>;
  const either = anyOf ?? oneOf;
  if (!either) return <>{type ?? 'anything'}</>;
  return (
    <>
      {either.map((each, index) => (
        <>
          {index > 0 && ' or '}
          <TypeName {...each} />
        </>
      ))}
    </>
  );
}
