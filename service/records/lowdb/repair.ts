import { cpSync, mkdirSync, readFileSync, renameSync, rmSync, truncateSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { OrganizationId } from '../../domain/ids.js';
import type { ServiceKey } from '../../secrets/keyring.js';
import { type AuditLine, auditPath, linesBackward, readLine } from './audit-lines.js';
import type { StoreContext } from './context.js';
import { type Anchor, allRows, bytesAt, type Document, noDocument, readDocument } from './document.js';
import { DocumentFile } from './document-file.js';
import { namesIn } from './files.js';
import { readHead, writeHead } from './head.js';
import { inspect } from './inspect.js';
import { type Damage, organizationsIn } from './load.js';
import { assertUnused, takeLock } from './writer-lock.js';

/** Data that a repair of one organization drops, or would drop. */
export interface Repair {
  readonly organizationId: OrganizationId;
  readonly damage: string;
  /** Sentences for a person. */
  readonly drops: readonly string[];
}

/**
 * Lists the data to drop so that each damaged organization is readable again, and drops it when confirmed.
 * Everything that it touches is kept in a folder beside the data.
 * @throws RolebridgeError `store_unavailable` when a process uses the directory
 */
export async function repair(
  directory: string,
  { keys, drop }: { keys?: readonly ServiceKey[] | undefined; drop: boolean },
): Promise<{ repairs: Repair[]; kept: string | undefined }> {
  const root = resolve(directory);
  await assertUnused(root);
  const { damages, context } = await inspect(root, keys);
  const months = organizationsIn(root);
  const plans = damages.map((damage) => planFor(damage, months.get(damage.organizationId) ?? [], context));
  const repairs = plans.map((plan) => plan.repair);
  if (!drop || plans.length === 0) return { repairs, kept: undefined };
  const lock = await takeLock(root);
  try {
    const kept = join(root, `dropped-${lock.epoch}`);
    mkdirSync(kept, { mode: 0o700 });
    for (const plan of plans) await apply(plan, kept, { ...context, lock });
    return { repairs, kept };
  } finally {
    await lock.release();
  }
}

function planFor({ organizationId, message }: Damage, months: readonly string[], context: StoreContext) {
  const path = join(context.directory, `${organizationId}.json`);
  const own = attempt(() => readableRows(path, organizationId, context));
  const found = own ?? attempt(() => readableRows(`${path}.bak`, organizationId, context));
  const document = found?.document;
  const { audit, sequence } = document ?? noDocument;
  const log = keptLog(
    months.map((month) => auditPath(context.auditDirectory, organizationId, month)),
    audit,
    context,
  );
  const head = attempt(() => readHead(context, organizationId));
  const newest = Math.max(head?.sequence ?? 0, log.document, sequence);
  const drops: string[] = [];
  if (document === undefined && newest > 0)
    drops.push(`The organization: neither ${path} nor its backup can be read.`);
  else if (document && sequence < newest)
    drops.push(`Changes from version ${sequence + 1} to ${newest} of ${path}.`);
  else if (document && !own) drops.push(`The version of ${path} after ${sequence}.`);
  if (found && found.damagedRows > 0)
    drops.push(`The checks of the last verification of ${found.damagedRows} connections in ${path}.`);
  if (log.dropped > 0) drops.push(`${log.dropped} lines of the audit log, from line ${log.end.n + 1} on.`);
  if (log.from.n > audit.from.n) drops.push(`The audit log up to line ${log.from.n}.`);
  if (drops.length === 0) drops.push('Nothing: existing data is signed again.');
  const plan = { document, log, sequence: newest + 1 };
  return { repair: { organizationId, damage: message, drops }, ...plan };
}

/** The document with its undamaged rows, all of them in memory. @throws Error when nothing of it can be read */
function readableRows(path: string, id: OrganizationId, { integrity }: StoreContext) {
  const { document, section, damagedRows } = readDocument(readFileSync(path), id, integrity);
  for (const row of allRows(document))
    if (typeof row.json === 'object') row.json = bytesAt(section, row.json).toString();
  return { document, damagedRows };
}

async function apply(
  { repair: { organizationId }, document, log, sequence }: ReturnType<typeof planFor>,
  kept: string,
  context: StoreContext,
): Promise<void> {
  const { epoch } = context.lock;
  const isLost = document === undefined && sequence > 1;
  for (const folder of [context.directory, context.auditDirectory])
    for (const name of namesIn(folder).filter((each) => each.startsWith(`${organizationId}.`)))
      if (isLost) renameSync(join(folder, name), join(kept, name));
      else cpSync(join(folder, name), join(kept, name));
  if (isLost) return;
  for (const { path, keptBytes } of log.files)
    if (keptBytes === 0) rmSync(path);
    else truncateSync(path, keptBytes);
  if (document) {
    const file = new DocumentFile(organizationId, context);
    // The version before is the damaged one, which is kept elsewhere.
    file.dropsFormerVersion = true;
    const audit = { from: log.from, head: log.end, pending: log.pending };
    await file.write({ epoch, sequence, audit, rows: document.rows });
  }
  writeHead(context, organizationId, { epoch, sequence: document ? sequence : 0, audit: log.end }, true);
}

/** The longest run of lines that follow one another, from the beginning on. */
function keptLog(paths: readonly string[], audit: Document['audit'], { integrity }: StoreContext) {
  let from: Anchor | undefined;
  let end: AuditLine | undefined;
  let dropped = 0;
  /** The highest version of the document that a kept line names. */
  let document = 0;
  const ids = new Set<string>();
  const files: { path: string; keptBytes: number }[] = [];
  for (const path of paths) {
    let readBytes = 0;
    let keptBytes = 0;
    for (const text of [...linesBackward(path)].reverse()) {
      readBytes += Buffer.byteLength(text) + 1;
      const line = dropped > 0 ? undefined : attempt(() => readLine(text, integrity, audit.head.n));
      // A fenced writer's line, which its successor's lines do not follow.
      if (line && end && line.epoch < end.epoch) continue;
      const replacesEnd = line && end && line.epoch > end.epoch && line.prev === end.prev;
      if (line === undefined || (end && line.prev !== end.mac && !replacesEnd)) {
        dropped += 1;
        continue;
      }
      from ??= { n: line.n - 1, mac: line.prev };
      end = line;
      document = Math.max(document, line.document);
      for (const { id } of line.records) ids.add(id);
      keptBytes = readBytes;
    }
    files.push({ path, keptBytes });
  }
  from ??= audit.from;
  /** The records of the document that no kept line has. */
  const pending = audit.pending.filter(({ id }) => !ids.has(id));
  return { from, end: end ? { n: end.n, mac: end.mac } : from, dropped, pending, document, files };
}

function attempt<Result>(work: () => Result): Result | undefined {
  try {
    return work();
  } catch {
    return undefined;
  }
}
