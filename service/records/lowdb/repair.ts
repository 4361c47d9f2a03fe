import { cpSync, existsSync, mkdirSync, readdirSync, renameSync, rmSync, truncateSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { RolebridgeError } from '../../domain/errors.js';
import type { OrganizationId } from '../../domain/ids.js';
import type { ServiceKey } from '../../secrets/keyring.js';
import { type AuditLine, linesBackward, readLine } from './audit-lines.js';
import { auditFileName } from './audit-log.js';
import { type Anchor, type Document, DocumentFile, documentFile, noDocument } from './document-file.js';
import { readHead, writeHead } from './head.js';
import { type Inspection, inspect } from './inspect.js';
import { monthsOf } from './load.js';
import type { Surroundings } from './organization.js';
import { takeLock } from './writer-lock.js';

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
  const inspection = await inspect(root, keys);
  if (inspection.holder)
    throw new RolebridgeError('store_unavailable', `The process ${inspection.holder.pid} is using ${root}.`, {
      remedy: 'Stop the service first.',
    });
  const plans: Plan[] = [];
  for (const damage of inspection.damages) plans.push(await planFor(damage, inspection));
  const repairs = plans.map(({ organizationId, damage, drops }) => ({ organizationId, damage, drops }));
  if (!drop || plans.length === 0) return { repairs, kept: undefined };
  const lock = await takeLock(root);
  try {
    const kept = join(root, `dropped-${lock.epoch}`);
    mkdirSync(kept, { mode: 0o700 });
    const around = { ...inspection.around, staging: () => lock.staging };
    for (const plan of plans) await apply(plan, kept, around, lock.epoch);
    return { repairs, kept };
  } finally {
    await lock.release();
  }
}

interface Plan extends Repair {
  /** Undefined: nothing of the organization can be read. */
  readonly document: Document | undefined;
  /** The document is the version before. */
  readonly isBackup: boolean;
  readonly log: KeptLog;
  /** Higher than anything that was stored. */
  readonly sequence: number;
}

async function planFor(
  { organizationId, message }: Inspection['damages'][number],
  { around }: Inspection,
): Promise<Plan> {
  const path = join(around.directory, `${organizationId}.json`);
  const [own, backup] = [
    await readable(path, organizationId, around),
    await readable(`${path}.bak`, organizationId, around),
  ];
  const document = own ?? backup;
  const log = keptLog(organizationId, document ?? noDocument, around);
  const head = attempt(() => readHead(around.directory, organizationId, around.integrity));
  const newest = Math.max(head?.sequence ?? 0, log.document, document?.sequence ?? 0);
  const drops: string[] = [];
  if (document === undefined && newest > 0)
    drops.push(`The organization: neither ${path} nor its backup can be read.`);
  else if (document && document.sequence < newest)
    drops.push(`Changes from version ${document.sequence + 1} to ${newest} of ${path}.`);
  else if (document && !own) drops.push(`The version of ${path} after ${document.sequence}.`);
  if (log.dropped > 0) drops.push(`${log.dropped} lines of the audit log, from line ${log.end.n + 1} on.`);
  if (log.from.n > (document ?? noDocument).audit.from.n)
    drops.push(`The audit log up to line ${log.from.n}.`);
  if (drops.length === 0) drops.push('Nothing: existing data is signed again.');
  return { organizationId, damage: message, drops, document, isBackup: !own, log, sequence: newest + 1 };
}

async function apply(
  { organizationId, document, isBackup, log, sequence }: Plan,
  kept: string,
  around: Surroundings,
  epoch: number,
): Promise<void> {
  for (const folder of [around.directory, around.audit.directory])
    for (const name of readdirSync(folder).filter((each) => each.startsWith(`${organizationId}.`)))
      if (document === undefined && sequence > 1) renameSync(join(folder, name), join(kept, name));
      else cpSync(join(folder, name), join(kept, name));
  if (document === undefined && sequence > 1) return;
  for (const { path, keptBytes } of log.files)
    if (keptBytes === 0) rmSync(path);
    else truncateSync(path, keptBytes);
  if (document) {
    const file = documentFile(organizationId, around);
    if (isBackup) renameSync(`${file.path}.bak`, file.path);
    const { rows } = (await file.read()) ?? document;
    await file.write({ epoch, sequence, audit: { from: log.from, head: log.end, pending: [] }, rows });
  }
  const value = { epoch, sequence: document ? sequence : 0, audit: log.end };
  writeHead(around.directory, organizationId, value, around.integrity, true);
}

async function readable(
  path: string,
  id: OrganizationId,
  around: Surroundings,
): Promise<Document | undefined> {
  if (!existsSync(path)) return undefined;
  try {
    return (await new DocumentFile(path, id, around).read()) ?? undefined;
  } catch {
    return undefined;
  }
}

interface KeptLog {
  readonly from: Anchor;
  readonly end: Anchor;
  readonly dropped: number;
  /** The highest version of the document that a kept line names. */
  readonly document: number;
  readonly files: readonly { readonly path: string; readonly keptBytes: number }[];
}

/** The longest run of lines that follow one another, from the beginning on. */
function keptLog(
  id: OrganizationId,
  { audit }: Document,
  { audit: { directory }, integrity }: Surroundings,
): KeptLog {
  const months = monthsOf(existsSync(directory) ? readdirSync(directory) : []).get(id) ?? [];
  let from = audit.from;
  let end: Anchor | undefined;
  let dropped = 0;
  let document = 0;
  const files: { path: string; keptBytes: number }[] = [];
  for (const month of months) {
    const path = join(directory, auditFileName(id, month));
    let keptBytes = 0;
    for (const { text, offset } of [...linesBackward(path, () => {})].reverse()) {
      const line: AuditLine | undefined =
        dropped > 0 ? undefined : attempt(() => readLine(text, integrity, audit.head.n));
      const before: Anchor | undefined = end ?? (line && { n: line.n - 1, mac: line.prev });
      if (line === undefined || before === undefined || line.n !== before.n + 1 || line.prev !== before.mac) {
        dropped += 1;
        continue;
      }
      if (end === undefined) from = before;
      end = { n: line.n, mac: line.mac };
      document = Math.max(document, line.document);
      keptBytes = offset + Buffer.byteLength(text) + 1;
    }
    files.push({ path, keptBytes });
  }
  return { from, end: end ?? from, dropped, document, files };
}

function attempt<Result>(work: () => Result): Result | undefined {
  try {
    return work();
  } catch {
    return undefined;
  }
}
