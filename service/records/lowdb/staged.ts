import type { AuditRecord } from '../../domain/audit.js';
import type { OrganizationId } from '../../domain/ids.js';
import { type Transaction, UniqueConflict } from '../backend.js';
import { claimsOfRow, type Place, type Row, rowOf, rowValue } from '../row.js';
import { type Change, filtersOf, isWanted, type Rows } from '../rows.js';
import type { Constraint, TableName } from '../tables.js';

/** Pending changes of an organization: those of a transaction on top of the earlier ones of its batch. */
export class Staged {
  readonly changes = new Map<string, Change>();
  readonly records: AuditRecord[] = [];
  /** Something in it is to last. */
  isLasting = false;
  forgetsVersionBefore = false;
  readonly #claims = new Map<string, Row | undefined>();

  constructor(
    readonly rows: Rows,
    readonly organizationId: OrganizationId,
    readonly under?: Staged,
  ) {}

  get(table: TableName, key: string): Row | undefined {
    const change = this.changes.get(`${table} ${key}`);
    if (change) return change.next;
    return this.under ? this.under.get(table, key) : this.rows.get(table, key);
  }

  /** All of a table, with the changes applied. */
  *of(table: TableName): Iterable<Row> {
    const changed = new Map<string, Row | undefined>();
    for (const { changes } of this.under ? [this.under, this] : [this])
      for (const change of changes.values()) if (change.table === table) changed.set(change.key, change.next);
    for (const row of this.rows.of(table, this.organizationId)) if (!changed.has(row.key)) yield row;
    for (const row of changed.values()) if (row) yield row;
  }

  holder(constraint: Constraint, value: string): Row | undefined {
    const claim = `${constraint} ${value}`;
    if (this.#claims.has(claim)) return this.#claims.get(claim);
    return this.under
      ? this.under.holder(constraint, value)
      : this.rows.holder(constraint, this.organizationId, value);
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

  /** Merges these changes into their base. */
  merge(): void {
    const { under } = this;
    if (under === undefined) return;
    for (const [name, change] of this.changes) under.changes.set(name, change);
    for (const [claim, row] of this.#claims) under.#claims.set(claim, row);
    under.records.push(...this.records);
    under.isLasting ||= this.isLasting;
    under.forgetsVersionBefore ||= this.forgetsVersionBefore;
  }
}

/** @param textAt the JSON of a row that is not in memory */
export const transactionOn = (staged: Staged, textAt: (place: Place) => string): Transaction => ({
  async get(table, key) {
    const row = staged.get(table, key);
    return row && rowValue(row, textAt);
  },
  async count(table, where) {
    const filters = filtersOf(where);
    let count = 0;
    for (const row of staged.of(table)) if (isWanted(row, filters)) count++;
    return count;
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
  forgetVersionBefore() {
    staged.forgetsVersionBefore = true;
  },
});
