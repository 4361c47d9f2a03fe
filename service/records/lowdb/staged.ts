import type { AuditRecord } from '../../domain/audit.js';
import type { OrganizationId } from '../../domain/ids.js';
import { type Transaction, UniqueConflict } from '../backend.js';
import { claimsOfRow, type DiskRange, type Row, rowOf, rowValue } from '../row.js';
import { type Change, filtersOf, isWanted, type Rows } from '../rows.js';
import type { Constraint, TableName } from '../tables.js';

/** Pending changes of an organization, on top of the stored rows or of the earlier changes of the same batch. */
export class Staged {
  readonly changes = new Map<string, Change>();
  readonly records: AuditRecord[] = [];
  /** A change needs a write of the document: it must not be lost in a crash. */
  isLasting = false;
  dropsFormerVersion = false;
  readonly #claims = new Map<string, Row | undefined>();

  constructor(
    readonly rows: Rows,
    readonly organizationId: OrganizationId,
    private readonly base: Pick<Rows, 'get' | 'of' | 'holder'> = rows,
  ) {}

  get(table: TableName, key: string): Row | undefined {
    const change = this.changes.get(`${table} ${key}`);
    return change ? change.next : this.base.get(table, key);
  }

  /** All rows of a table, with the changes applied. */
  of(table: TableName): readonly Row[] {
    const before = this.base.of(table, this.organizationId);
    const changed = new Map<string, Row | undefined>();
    for (const change of this.changes.values())
      if (change.table === table) changed.set(change.key, change.next);
    if (changed.size === 0) return before;
    const added = [...changed.values()].filter((row) => row !== undefined);
    return [...before.filter(({ key }) => !changed.has(key)), ...added];
  }

  holder(constraint: Constraint, value: string): Row | undefined {
    const claim = `${constraint} ${value}`;
    return this.#claims.has(claim)
      ? this.#claims.get(claim)
      : this.base.holder(constraint, value, this.organizationId);
  }

  put(table: TableName, key: string, next: Row | undefined): void {
    const before = this.get(table, key);
    if (before && before.organizationId !== this.organizationId) throw new UniqueConflict('key');
    const wanted = claimsOfRow(next);
    for (const { constraint, value } of wanted) {
      const holder = this.holder(constraint, value);
      const isOwn = holder === undefined || (holder.table === table && holder.key === key);
      if (!isOwn || this.rows.isReserved(constraint, this.organizationId, value))
        throw new UniqueConflict(constraint);
    }
    for (const { constraint, value } of claimsOfRow(before))
      this.#claims.set(`${constraint} ${value}`, undefined);
    for (const { constraint, value } of wanted) {
      this.#claims.set(`${constraint} ${value}`, next);
      this.rows.reserve(constraint, this.organizationId, value);
    }
    this.changes.set(`${table} ${key}`, { table, key, next });
  }

  /** Adds the changes of a transaction that was based on these. */
  add(later: Staged): void {
    for (const [name, change] of later.changes) this.changes.set(name, change);
    for (const [claim, row] of later.#claims) this.#claims.set(claim, row);
    this.records.push(...later.records);
    this.isLasting ||= later.isLasting;
    this.dropsFormerVersion ||= later.dropsFormerVersion;
  }
}

/** @param jsonAt the JSON of a row that is not in memory */
export const transactionOn = (staged: Staged, jsonAt: (range: DiskRange) => string): Transaction => ({
  async get(table, key) {
    const row = staged.get(table, key);
    return row && rowValue(row, jsonAt);
  },
  async count(table, where) {
    const filters = filtersOf(where);
    return staged.of(table).filter((row) => isWanted(row, filters)).length;
  },
  holder: async (constraint, value) => staged.holder(constraint, value)?.key,
  async put(table, value, { lasting = true } = {}) {
    const row = rowOf(table, value);
    staged.put(table, row.key, row);
    staged.isLasting ||= lasting;
  },
  async delete(table, key) {
    if (staged.get(table, key) === undefined) return;
    staged.put(table, key, undefined);
    staged.isLasting = true;
  },
  audit(records) {
    staged.records.push(...records);
    staged.isLasting = true;
  },
  dropFormerVersion() {
    staged.dropsFormerVersion = true;
  },
});
