import type { Response, Router } from 'express';
import { html } from 'hono/html';
import { z } from 'zod';
import { codesOf, type Operation } from '../api/openapi/operation.js';
import type { statusMessages } from '../api/openapi/status-messages.js';
import { errorCatalog } from '../domain/error-catalog/index.js';
import { type Site, sendPage } from './site.js';
import type { Html } from './views/layout.js';

/** The API reference at `/docs`, made of the same table as `/openapi.json`: no request to any other site, no script. */
export function addApiReference(router: Router, site: Site): void {
  let made: Promise<Html> | undefined;
  router.get('/docs', async (_request, response: Response) => {
    made ??= Promise.all([
      import('../api/openapi/operations.js'),
      import('../api/openapi/status-messages.js'),
    ]).then(([{ operations }, { statusMessages }]) => referenceView(operations, statusMessages));
    return sendPage(site, response, 'API reference', await made);
  });
}

const proofs: Record<Operation['proof'], string> = {
  api_key: 'Authorization: Bearer, with an API key of one organization',
  operator_token: 'Authorization: Bearer, with the operator’s token',
  status_token: 'Authorization: Bearer, with the connection’s status token',
  signature: 'a Standard Webhooks signature with the connection’s callback secret',
  none: 'nothing',
};

type Messages = typeof statusMessages;

function referenceView(operations: Readonly<Record<string, Operation>>, messages: Messages): Html {
  const entries = Object.entries(operations);
  const tags = [...new Set(entries.map(([, { tag }]) => tag))];
  return html`
<h1>API reference</h1>
<p>The same as <a href="/openapi.json">OpenAPI 3.1</a>, for people. Errors are problem details (RFC 9457) with a stable code and a remedy; 429 and 503 carry Retry-After and are never a verdict.</p>
<nav aria-label="Calls" class="calls">${tags.map(
    (tag) =>
      html`<h2>${tag}</h2><ul>${entries
        .filter(([, operation]) => operation.tag === tag)
        .map(
          ([id, { method, path, summary }]) =>
            html`<li><a href="#${id}"><code>${method.toUpperCase()} ${path}</code></a> <small>${summary}</small></li>`,
        )}</ul>`,
  )}<h2>webhooks</h2><ul>${messages.map(
    ({ type, summary }) =>
      html`<li><a href="#${type}"><code>${type}</code></a> <small>${summary}</small></li>`,
  )}</ul></nav>
${entries.map(([id, operation]) => operationView(id, operation))}
${messages.map((message) => messageView(message))}`;
}

const messageView = ({ type, summary, schema }: Messages[number]): Html => html`
<section aria-labelledby="${type}" class="call">
<h2 id="${type}"><code>${type}</code></h2>
<p>${summary} Sent to the vendor’s endpoints, signed as Standard Webhooks says.</p>
<h3>Members of <code>data</code></h3>${membersView(schema.shape.data, 'output')}
</section>`;

function operationView(id: string, operation: Operation): Html {
  const { method, path, summary, description, proof, query, body, answer, examples } = operation;
  const [example] = Object.values(examples).filter(({ gives }) => typeof gives === 'number');
  return html`<section aria-labelledby="${id}" class="call">
<h2 id="${id}"><code>${method.toUpperCase()} ${path}</code></h2>
<p>${summary}${description ? html` ${description}` : ''}</p>
<p><small>Proof: ${proofs[proof]}.</small></p>
${query ? html`<h3>Query</h3>${membersView(query)}` : ''}
${body ? html`<h3>Body</h3>${membersView(body)}` : ''}
${example?.body === undefined ? '' : html`<figure class="copy"><pre tabindex="0" aria-label="Example of ${summary}"><code>${JSON.stringify(example.body, null, 2)}</code></pre></figure>`}
<h3>Answer ${answer.status}</h3><p>${answer.description}</p>${answer.schema ? html`<details><summary>Its members</summary>${membersView(answer.schema, 'output')}</details>` : ''}
<h3>Problems</h3>
<ul class="codes">${codesOf(operation).map((code) => html`<li>${operation.statusOf?.[code] ?? errorCatalog[code].status} <a href="/problems/${code}"><code>${code}</code></a> <small>${errorCatalog[code].title}</small></li>`)}</ul>
</section>`;
}

interface JsonSchema {
  readonly type?: string;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly description?: string;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly anyOf?: readonly JsonSchema[];
  readonly oneOf?: readonly JsonSchema[];
  readonly items?: JsonSchema;
  readonly pattern?: string;
  readonly format?: string;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly default?: unknown;
}

function membersView(schema: z.ZodType, io: 'input' | 'output' = 'input'): Html {
  const json = z.toJSONSchema(schema, { io, unrepresentable: 'any', reused: 'inline' }) as JsonSchema;
  const shapes = json.oneOf ?? json.anyOf ?? [json];
  return html`${shapes.map((shape) => tableView(shape))}`;
}

const tableView = ({ properties = {}, required = [] }: JsonSchema): Html => html`
<table class="members"><thead><tr><th scope="col">Member</th><th scope="col">What it takes</th></tr></thead><tbody>
${Object.entries(properties).map(([name, member]) => html`<tr><th scope="row"><code>${name}</code>${required.includes(name) ? '' : html` <small>optional</small>`}</th><td>${rulesOf(member)}</td></tr>`)}
</tbody></table>`;

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
