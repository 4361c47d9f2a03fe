import { findConnection } from '../../actions/find-connection.js';
import { openPerson } from '../../actions/persons.js';
import type { AuditRecord } from '../../domain/audit.js';
import { requireWholeOrganization } from '../../domain/permission.js';
import * as answers from '../answers.js';
import { connectionId } from '../example-values.js';
import { type ApiDependencies, defineOperation } from '../operation.js';
import { auditQuery } from '../schemas.js';

export const listAuditRecords = defineOperation({
  method: 'get',
  path: '/v1/audit',
  tag: 'Audit',
  summary: 'Lists who did what when, newest first.',
  auth: 'organization',
  permission: 'audit:read',
  query: auditQuery,
  answer: { status: 200, description: 'A page of records.', schema: answers.auditPage },
  errors: ['connection_not_found'],
  examples: {
    newest: { query: { limit: '10' }, returns: 200 },
    ofAConnection: { query: { connection: connectionId }, returns: 200 },
    notAnId: { query: { before: 'yesterday' }, returns: 'request_invalid' },
  },
  async handler({ deps, caller, query: { limit, before, connection } }) {
    if (connection === undefined) requireWholeOrganization(caller.authority);
    // A deleted connection has records and no scope: only for those who see the whole organization.
    else if (caller.authority.scope) await findConnection(deps.store, caller, connection);
    const page = await deps.store.auditRecords(caller.organizationId, {
      limit,
      before,
      connectionId: connection,
    });
    const last = page.records.at(-1);
    return {
      records: await Promise.all(page.records.map((record) => auditRecordView(deps, record))),
      ...(page.hasMore && last && { next: last.id }),
    };
  },
});

/** The organization is the reader's own. */
export async function auditRecordView(
  deps: ApiDependencies,
  { organizationId, actor: { ...actor }, ...record }: AuditRecord,
) {
  if (actor.kind !== 'web_session' || actor.person === undefined) return { ...record, actor };
  const { person, ...shown } = actor;
  return { ...record, actor: { ...shown, person: await openPerson(deps, organizationId, person) } };
}
