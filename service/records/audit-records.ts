import { z } from 'zod';
import { type AuditRecord, auditActions } from '../domain/audit.js';
import { invalidRequest } from '../domain/errors.js';
import type { AuditPage } from '../domain/ports.js';

const name = z.string().min(1);

/** The members that reading needs. The others were validated when they were written, and are signed. */
const auditMembers = z.looseObject({
  id: name,
  organizationId: name,
  connectionId: name.optional(),
  at: name.refine((text) => !Number.isNaN(Date.parse(text)), 'not a time'),
  requestId: z.string(),
  actor: z.looseObject({ kind: name }),
  action: z.enum(auditActions),
  phase: z.enum(['intent', 'outcome']),
});
export const auditRecord = z.custom<AuditRecord>(
  (value) => auditMembers.safeParse(value).success,
  'not an audit record',
);

/** A page of a log. */
export async function pageOfLog(
  newestFirst: Iterable<AuditRecord> | AsyncIterable<AuditRecord>,
  { limit, before, connectionId }: AuditPage,
): Promise<{ records: AuditRecord[]; hasMore: boolean }> {
  const records: AuditRecord[] = [];
  let isBefore = before === undefined;
  for await (const record of newestFirst) {
    if (!isBefore) isBefore = record.id === before;
    else if (connectionId === undefined || record.connectionId === connectionId) {
      if (records.length === limit) return { records, hasMore: true };
      records.push(record);
    }
  }
  if (isBefore) return { records, hasMore: false };
  throw invalidRequest('query.before', 'there is no such audit record', 'Start again with the first page.');
}
