import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { AuditHandlers } from './audit-process.js';
import type { Measurement } from './measure.js';
import { startChild } from './processes.js';

const records = 1_000_000;

/** A file store with an audit log of a million records: the cost of its start, and of a search through it. */
export async function measureAudit(directory: string): Promise<Measurement[]> {
  const child = () => startChild<AuditHandlers>(new URL('./audit-process.ts', import.meta.url));
  const filling = child();
  const id = await filling.call('fill', { directory, records }).finally(() => filling.stop());
  const opening = child();
  const found = await opening.call('open', { directory, id }).finally(() => opening.stop());
  const readingAt = performance.now();
  const audit = join(directory, 'audit');
  for (const name of readdirSync(audit)) readFileSync(join(audit, name));
  const readMs = performance.now() - readingAt;
  const many = `${records.toLocaleString('en')} audit records`;
  return [
    {
      name: `start with ${many}, against reading their files`,
      unit: 's',
      ours: found.startMs / 1000,
      baseline: readMs / 1000,
      goal: { atMost: 1 },
    },
    {
      name: `memory held for ${many} after the start (second: after a search through all of them)`,
      unit: 'bytes',
      ours: found.heldBytes,
      baseline: found.heldAfterSearchBytes,
    },
    {
      name: `the first search for a connection that has no record among ${many} (second: the next search)`,
      unit: 'ms',
      ours: found.searchMs,
      baseline: found.searchAgainMs,
    },
  ];
}
