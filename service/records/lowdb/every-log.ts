import type { AuditRecord } from '../../domain/audit.js';
import type { Log } from '../backend.js';
import type { AuditLog } from './audit-log.js';

/** A page of all logs together. Those whose newest record is older than a full page stay closed. */
export async function readEvery(
  logs: readonly AuditLog[],
  { limit, before, connectionId }: Parameters<Log['read']>[1],
): ReturnType<Log['read']> {
  const newestOf = ({ newest }: AuditLog): string => newest ?? '';
  let page: AuditRecord[] = [];
  for (const log of [...logs].sort((one, other) => (newestOf(one) > newestOf(other) ? -1 : 1))) {
    if (newestOf(log) < (page[limit]?.id ?? '')) break;
    let left = limit + 1;
    for await (const record of log.newestFirst(before)) {
      if (before !== undefined && record.id >= before) continue;
      if ((connectionId ?? record.connectionId) !== record.connectionId) continue;
      page.push(record);
      left -= 1;
      if (left === 0) break;
    }
    page = page.sort((one, other) => (one.id > other.id ? -1 : 1)).slice(0, limit + 1);
  }
  return { records: page.slice(0, limit), hasMore: page.length > limit };
}
