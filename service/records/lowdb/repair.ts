import { cpSync, existsSync, mkdirSync, readdirSync, renameSync, rmSync, truncateSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { RolebridgeError } from '../../domain/errors.js';
import type { OrganizationId } from '../../domain/ids.js';
import type { ServiceKey } from '../../secrets/keyring.js';
import { auditPath, linesBackward, monthsOf, readLine } from './audit-lines.js';
import { type Anchor, type Document, noDocument } from './document.js';
import { DocumentFile } from './document-file.js';
import { readHead, writeHead } from './head.js';
import { type Inspection, inspect } from './inspect.js';
import type { Surroundings } from './surroundings.js';
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
    for (const plan of plans) await apply(plan, kept, { ...inspection.around, lock });
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
  const files = [path, `${path}.bak`].map((each) => new DocumentFile(each, organizationId, around, true));
  const [own, backup] = await Promise.all(files.map((file) => file.read().catch(() => null)));
  const document = own ?? backup ?? undefined;
  const log = keptLog(organizationId, document ?? noDocument, around);
  const head = attempt(() => readHead(around.directory, organizationId, around.integrity));
  const newest = Math.max(head?.sequence ?? 0, log.document, document?.sequence ?? 0);
  const damagedRows = files[own ? 0 : 1]?.damagedRows ?? 0;
  const drops: string[] = [];
  if (document === undefined && newest > 0)
    drops.push(`The organization: neither ${path} nor its backup can be read.`);
  else if (document && document.sequence < newest)
    drops.push(`Changes from version ${document.sequence + 1} to ${newest} of ${path}.`);
  else if (document && !own) drops.push(`The version of ${path} after ${document.sequence}.`);
  if (damagedRows > 0)
    drops.push(`The checks of the last verification of ${damagedRows} connections in ${path}.`);
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
): Promise<void> {
  const { directory, auditDirectory, integrity } = around;
  const { epoch } = around.lock;
  const isLost = document === undefined && sequence > 1;
  for (const folder of [directory, auditDirectory])
    for (const name of readdirSync(folder).filter((each) => each.startsWith(`${organizationId}.`)))
      if (isLost) renameSync(join(folder, name), join(kept, name));
      else cpSync(join(folder, name), join(kept, name));
  if (isLost) return;
  for (const { path, keptBytes } of log.files)
    if (keptBytes === 0) rmSync(path);
    else truncateSync(path, keptBytes);
  if (document) {
    const file = new DocumentFile(join(directory, `${organizationId}.json`), organizationId, around, true);
    if (isBackup) renameSync(`${file.path}.bak`, file.path);
    const { rows } = (await file.read()) ?? document;
    await file.write({ epoch, sequence, audit: { from: log.from, head: log.end, pending: [] }, rows });
  }
  const value = { epoch, sequence: document ? sequence : 0, audit: log.end };
  writeHead(directory, organizationId, value, integrity, true);
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
  { auditDirectory, integrity }: Surroundings,
): KeptLog {
  const months = monthsOf(existsSync(auditDirectory) ? readdirSync(auditDirectory) : []).get(id) ?? [];
  let from: Anchor | undefined;
  let end: Anchor | undefined;
  let dropped = 0;
  let document = 0;
  const files: { path: string; keptBytes: number }[] = [];
  for (const month of months) {
    const path = auditPath(auditDirectory, id, month);
    let keptBytes = 0;
    for (const { text, offset } of [...linesBackward(path)].reverse()) {
      const line = dropped > 0 ? undefined : attempt(() => readLine(text, integrity, audit.head.n));
      if (line === undefined || (end && (line.n !== end.n + 1 || line.prev !== end.mac))) {
        dropped += 1;
        continue;
      }
      from ??= { n: line.n - 1, mac: line.prev };
      end = { n: line.n, mac: line.mac };
      document = Math.max(document, line.document);
      keptBytes = offset + Buffer.byteLength(text) + 1;
    }
    files.push({ path, keptBytes });
  }
  from ??= audit.from;
  return { from, end: end ?? from, dropped, document, files };
}

function attempt<Result>(work: () => Result): Result | undefined {
  try {
    return work();
  } catch {
    return undefined;
  }
}
