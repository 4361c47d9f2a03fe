import { resolve } from 'node:path';
import { RolebridgeError } from '../../domain/errors.js';
import type { OrganizationId } from '../../domain/ids.js';
import type { ServiceKey } from '../../secrets/keyring.js';
import { readsOn } from '../reads.js';
import { createRecordStore, type RecordStore } from '../record-store.js';
import { type LoadedDirectory, loadDirectory } from './load.js';
import { askHolder, type Holder } from './writer-lock.js';

interface Inspection extends LoadedDirectory {
  /** The process that has the directory. */
  readonly holder: Holder | undefined;
  /** Organizations that are larger than one document should be, and their connections. */
  readonly large: ReadonlyMap<OrganizationId, number>;
  /** The read-only store. */
  readonly store: RecordStore;
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
  serviceKeys: readonly ServiceKey[] | undefined,
  holder: Holder | undefined,
): Promise<Inspection> {
  const refused = (): never => {
    throw new RolebridgeError('store_unavailable', 'The data directory is open read-only.');
  };
  const loaded = await loadDirectory(root, {
    serviceKeys,
    lock: { epoch: 0, staging: root, assertHeld: refused },
    warn() {},
    isInspection: true,
  });
  const stores = new Map(loaded.stores.map((store) => [store.id, store]));
  const store = createRecordStore({
    ...readsOn(loaded.context.rows, async (row) => stores.get(row.organizationId)?.jsonOf(row)),
    log: { append: refused, organizations: refused, read: refused, trim: refused },
    transact: refused,
    ready: refused,
    close: async () => {},
  });
  const large = new Map(loaded.stores.flatMap(({ id, isLarge, size }) => (isLarge ? [[id, size]] : [])));
  return { ...loaded, holder, large, store };
}
