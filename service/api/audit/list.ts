import { z } from 'zod';
import { findConnection } from '../../actions/find-connection.js';
import { openPerson, person } from '../../actions/persons.js';
import { type AuditRecord, actors, auditPhases } from '../../domain/audit.js';
import { auditId, connectionId } from '../../domain/ids.js';
import { requireWholeOrganization } from '../../domain/permission.js';
import * as example from '../example-values.js';
import { type ApiDependencies, defineOperation } from '../operation.js';
import { limit, nextBefore, nextOf } from '../schemas.js';

const auditQuery = z.strictObject({
  limit,
  before: auditId.meta({ description: 'The `next` of the previous page.' }).optional(),
  connection: connectionId.meta({ description: 'Records about one connection only.' }).optional(),
});

/** The actor as the API shows it: the stored name of a person is encrypted. */
const actorShown = z
  .discriminatedUnion('kind', [
    actors.api_key,
    actors.web_session.extend({
      person: person.optional().meta({ description: 'The person of the sign-in link, unverified.' }),
    }),
    actors.callback,
    actors.enrollment,
    actors.operator,
    actors.command_line,
    actors.service,
  ])
  .meta({ id: 'Actor' });
const hidden = { organizationId: true } as const;
const auditRecord = z
  .discriminatedUnion('phase', [
    auditPhases.intent.omit(hidden).extend({ actor: actorShown }).meta({ id: 'AuditIntent' }),
    auditPhases.outcome.omit(hidden).extend({ actor: actorShown }).meta({ id: 'AuditOutcome' }),
  ])
  .meta({ id: 'AuditRecord' });
const auditPage = z.object({
  records: z.array(auditRecord).meta({ description: 'Newest first.' }),
  next: nextBefore,
});

export const listAuditRecords = defineOperation({
  method: 'get',
  path: '/v1/audit',
  tag: 'Audit',
  summary: 'Lists audit records, newest first.',
  auth: 'organization',
  permission: 'audit:read',
  query: auditQuery,
  answer: { status: 200, description: 'A page of records.', schema: auditPage },
  errors: ['connection_not_found'],
  examples: {
    newest: { query: { limit: '10' }, returns: 200 },
    ofAConnection: { query: { connection: example.connectionId }, returns: 200 },
    notAnId: { query: { before: 'yesterday' }, returns: 'request_invalid' },
  },
  async handler({ deps, caller, query: { limit, before, connection } }) {
    if (connection === undefined) requireWholeOrganization(caller.authority);
    // A deleted connection has no scope: its records are for callers of the whole organization only.
    else if (caller.authority.scope) await findConnection(deps.store, caller, connection);
    const page = await deps.store.auditRecords(caller.organizationId, {
      limit,
      before,
      connectionId: connection,
    });
    return {
      records: await Promise.all(page.records.map((record) => auditRecordView(deps, record))),
      next: nextOf(page.records, page.hasMore),
    };
  },
});

/** A record as the API shows it. The organization is the caller's own. */
export async function auditRecordView(
  deps: ApiDependencies,
  { organizationId, actor, ...record }: AuditRecord,
) {
  if (actor.kind !== 'web_session') return { ...record, actor };
  const { person: encrypted, ...shown } = actor;
  const person = encrypted === undefined ? undefined : await openPerson(deps, organizationId, encrypted);
  return { ...record, actor: { ...shown, ...(person && { person }) } };
}
