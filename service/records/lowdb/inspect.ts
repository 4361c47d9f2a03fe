import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { RolebridgeError } from '../../domain/errors.js';
import type { OrganizationId } from '../../domain/ids.js';
import type { ServiceKey } from '../../secrets/keyring.js';
import { Integrity } from '../integrity.js';
import { readsOn } from '../reads.js';
import { createRecordStore, type RecordStore } from '../record-store.js';
import { integrityKeysIn } from './facts.js';
import { type Damage, type Found, load } from './load.js';
import { type Surroundings, surroundingsIn } from './surroundings.js';
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
  const large = new Map<OrganizationId, number>();
  const refused = (): never => {
    throw new RolebridgeError('store_unavailable', 'The data directory is open for reading alone.');
  };
  const around = surroundingsIn(root, {
    integrity: opened?.integrity ?? new Integrity(),
    lock: { epoch: 0, staging: root, assertHeld: refused },
    onLarge: (id, connections) => large.set(id, connections),
  });
  const isThere = existsSync(around.directory) && existsSync(around.auditDirectory);
  const found: Pick<Found, 'stores' | 'damages'> = isThere
    ? await load(around, { wholeLogs: true })
    : { stores: [], damages: [] };
  const stores = new Map(found.stores.map((store) => [store.id, store]));
  const store = createRecordStore({
    ...readsOn(around.rows, async (row) => stores.get(row.organizationId)?.textOf(row)),
    log: { append: refused, organizations: refused, read: refused, trim: refused },
    transact: refused,
    ready: refused,
    close: async () => {},
  });
  return { holder, damages: found.damages, large, store, around };
}
