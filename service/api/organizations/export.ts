import { recordOutcome } from '../../actions/audited.js';
import { listEnrollments } from '../../actions/enrollments.js';
import { listSignInLinks } from '../../actions/sign-in-link.js';
import { listWebhookEndpoints } from '../../actions/webhook-endpoints.js';
import type { AuditId, ConnectionId } from '../../domain/ids.js';
import type { Organization } from '../../domain/organization.js';
import { permissions } from '../../domain/permission.js';
import { apiKeyView } from '../api-keys/shared.js';
import { auditRecordView } from '../audit/list.js';
import { enrollmentView } from '../enrollments/shared.js';
import { type ApiDependencies, defineOperation } from '../operation.js';
import { projectView } from '../projects/shared.js';
import { connectionView } from '../views.js';
import { endpointView } from '../webhooks/shared.js';
import { organizationIn, organizationView, path, reading, unknown } from './shared.js';

const rowsAtOnce = 100;

export const exportOrganization = defineOperation({
  method: 'get',
  path: '/v1/organizations/{id}/export',
  ...reading,
  summary: 'Exports the data of an organization, without secrets.',
  description:
    'One JSON value a line: `{"kind": "organization" | "api_key" | "sign_in_link" | "enrollment" | "webhook_endpoint" | "project" | "connection" | "audit_record", "value": …}`. Values have the shape of the call that returns them. The last line is `{"kind": "end"}`: without it the export was cut off.',
  answer: { status: 200, description: 'JSON lines.', file: 'application/x-ndjson' },
  errors: ['organization_not_found'],
  examples: { one: { path, returns: 200 }, unknown },
  async handler(input) {
    const organization = await organizationIn(input);
    const event = { action: 'organization.export', organizationId: organization.id } as const;
    await recordOutcome(input.deps, input.by, event);
    return linesOf(input.deps, organization);
  },
});

async function* linesOf(deps: ApiDependencies, organization: Organization): AsyncIterable<string> {
  const { store } = deps;
  const { id } = organization;
  yield line('organization', organizationView(organization));
  for (const key of await store.apiKeys(id)) yield line('api_key', apiKeyView(key));
  const all = { limit: Number.MAX_SAFE_INTEGER };
  const everyLink = { organizationId: id, authority: { permissions: [...permissions] } };
  const { signInLinks } = await listSignInLinks(deps, everyLink, all);
  for (const link of signInLinks) yield line('sign_in_link', link);
  const { enrollments } = await listEnrollments(deps, id, all);
  for (const enrollment of enrollments) yield line('enrollment', enrollmentView(deps, enrollment));
  for (const endpoint of await listWebhookEndpoints(deps, { organizationId: id }))
    yield line('webhook_endpoint', endpointView(endpoint));
  for (const project of await store.projects(id)) yield line('project', projectView(project));
  for (let after: ConnectionId | undefined; ; ) {
    const page = await store.connections(id, { limit: rowsAtOnce, after });
    for (const connection of page.connections) yield line('connection', connectionView(connection));
    after = page.connections.at(-1)?.id;
    if (!page.hasMore) break;
  }
  for (let before: AuditId | undefined; ; ) {
    const page = await store.auditRecords(id, { limit: rowsAtOnce, before });
    for (const record of page.records) yield line('audit_record', await auditRecordView(deps, record));
    before = page.records.at(-1)?.id;
    if (!page.hasMore) break;
  }
  yield `${JSON.stringify({ kind: 'end' })}\n`;
}

const line = (kind: string, value: object): string => `${JSON.stringify({ kind, value })}\n`;
