import { existsSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { RolebridgeError } from '../../domain/errors.js';
import type { OrganizationId } from '../../domain/ids.js';
import type { ServiceKey } from '../../secrets/keyring.js';
import { messageOf } from '../../unknown-value.js';
import { createIntegrity } from '../integrity.js';
import { readsOn } from '../reads.js';
import { createRecordStore, type RecordStore } from '../record-store.js';
import { Rows } from '../rows.js';
import type { AuditSurroundings } from './audit-log.js';
import { documentFile, noDocument } from './document-file.js';
import { integrityKeysIn } from './facts.js';
import { fileOperations, sharedSync } from './files.js';
import { checkLog, type Damage, type Found, load, monthsOf } from './load.js';
import type { Surroundings } from './organization.js';
import { askHolder, type Holder } from './writer-lock.js';

export interface Inspection {
  /** The process that has the directory. */
  readonly holder: Holder | undefined;
  readonly damages: readonly Damage[];
  /** Organizations that are larger than one document should be, and their connections. */
  readonly large: ReadonlyMap<OrganizationId, number>;
  /** For reading alone. */
  readonly store: RecordStore;
  readonly around: Surroundings;
}

/** Files change during reads: a fault found twice is damage. */
const triesAtMost = 5;

/** Reads and checks a data directory as a start does, and every line of the audit logs. Nothing is changed or locked. */
export async function inspect(directory: string, keys?: readonly ServiceKey[]): Promise<Inspection> {
  const root = resolve(directory);
  const holder = await askHolder(root);
  for (let left = holder ? triesAtMost : 1; ; left--) {
    const inspection = await inspectOnce(root, keys, holder);
    if (inspection.damages.length === 0 || left === 1) return inspection;
  }
}

async function inspectOnce(
  root: string,
  keys: readonly ServiceKey[] | undefined,
  holder: Holder | undefined,
): Promise<Inspection> {
  const opened = await integrityKeysIn(root, keys, { readOnly: true });
  const integrity = opened?.integrity ?? createIntegrity();
  const rows = new Rows();
  const large = new Map<OrganizationId, number>();
  const assertWritable = (): never => {
    throw new RolebridgeError('store_unavailable', 'The data directory is open for reading alone.');
  };
  const audit: AuditSurroundings = {
    directory: join(root, 'audit'),
    files: fileOperations,
    integrity,
    epoch: () => 0,
    assertWritable,
  };
  const around: Surroundings = {
    directory: join(root, 'organizations'),
    rows,
    files: fileOperations,
    integrity,
    staging: () => root,
    sync: sharedSync(join(root, 'organizations'), fileOperations),
    audit,
    onLarge: (id, connections) => large.set(id, connections),
  };
  const isThere = existsSync(around.directory) && existsSync(audit.directory);
  const found: Found = isThere
    ? await load(around)
    : { stores: [], damages: [], torn: [], missing: new Map() };
  const damages = [...found.damages];
  for (const [id, months] of isThere ? monthsOf(readdirSync(audit.directory)) : [])
    if (!damages.some(({ organizationId }) => organizationId === id))
      try {
        checkLog(id, months, (await documentFile(id, around).read()) ?? noDocument, around, true);
      } catch (error) {
        damages.push({ organizationId: id, message: messageOf(error) });
      }
  const stores = new Map(found.stores.map((store) => [store.id, store]));
  const refused = async () => assertWritable();
  const log = { append: refused, organizations: refused, read: refused, trim: refused };
  const store = createRecordStore({
    ...readsOn(rows, async (row) => stores.get(row.organizationId)?.textOf(row)),
    log,
    transact: refused,
    ready: refused,
    close: async () => {},
  });
  return { holder, damages, large, store, around };
}
