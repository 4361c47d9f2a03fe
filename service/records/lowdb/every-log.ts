import type { AuditRecord } from '../../domain/audit.js';
import { pageOfLog } from '../audit-records.js';
import type { Log } from '../backend.js';
import type { AuditLog } from './audit-log.js';

/** A page of all logs together: one is opened when its newest record may be the next, so that most stay closed. */
export const readEvery = (
  logs: readonly AuditLog[],
  { before, ...page }: Parameters<Log['read']>[1],
): ReturnType<Log['read']> => pageOfLog(newestOf(logs, before), page);

async function* newestOf(
  logs: readonly AuditLog[],
  before: Parameters<Log['read']>[1]['before'],
): AsyncIterable<AuditRecord> {
  const closed = logs
    .flatMap((log) => (log.newest === undefined ? [] : [{ log, newest: log.newest }]))
    .sort((one, other) => (one.newest < other.newest ? -1 : 1));
  const open: { records: AsyncIterator<AuditRecord>; next: AuditRecord }[] = [];
  const advance = async (records: AsyncIterator<AuditRecord>) => {
    for (let result = await records.next(); !result.done; result = await records.next())
      if (before === undefined || result.value.id < before)
        return void open.push({ records, next: result.value });
  };
  try {
    for (;;) {
      open.sort((one, other) => (one.next.id < other.next.id ? -1 : 1));
      const last = open.at(-1);
      const unread = closed.at(-1);
      if (unread && (last === undefined || unread.newest > last.next.id)) {
        closed.pop();
        await advance(unread.log.newestFirst(before)[Symbol.asyncIterator]());
      } else if (last === undefined) return;
      else {
        open.pop();
        yield last.next;
        await advance(last.records);
      }
    }
  } finally {
    for (const { records } of open) await records.return?.();
  }
}
