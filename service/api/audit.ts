import type { Router } from 'express';
import type { Dependencies } from '../actions/dependencies.js';
import type { AuditRecord } from '../domain/audit.js';
import { organizationOf, refuseMethod, send } from './respond.js';
import { auditQuery, parse } from './schemas.js';

/** `GET /v1/audit`: who did what when, the newest first. */
export function addAuditRoutes(api: Router, deps: Dependencies): void {
  api
    .route('/audit')
    .get(async (request, response) => {
      const { limit, before, connection } = parse(auditQuery, request.query, 'query');
      const page = await deps.store.auditRecords(organizationOf(response), {
        limit,
        before,
        connectionId: connection,
      });
      const last = page.records.at(-1);
      send(response, {
        status: 200,
        body: {
          records: page.records.map(auditRecordView),
          ...(page.hasMore && last && { next: last.id }),
        },
      });
    })
    .all(refuseMethod('GET'));
}

/** The organization is the reader's own. */
export function auditRecordView({ organizationId: _, ...record }: AuditRecord) {
  return record;
}
