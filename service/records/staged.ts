import type { OrganizationId } from '../domain/ids.js';
import { UniqueConflict } from './backend.js';
import type { Row } from './row.js';
import { type Change, claimsOfRow, isWanted, type Rows } from './rows.js';
import type { Constraint, TableName } from './tables.js';

/** The pending rows of an organization: the changes of a transaction on top of earlier ones. */
export class Staged {
  readonly changes = new Map<string, Change>();
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

  count(table: TableName, where: object): number {
    const filters = Object.entries(where).filter(([, wanted]) => wanted !== undefined);
    const changed = this.#changed(table);
    let count = 0;
    for (const row of this.rows.of(table, this.organizationId))
      if (!changed.has(row.key) && isWanted(row, filters)) count++;
    for (const row of changed.values()) if (row && isWanted(row, filters)) count++;
    return count;
  }

  #changed(table: TableName): Map<string, Row | undefined> {
    const changed = this.under ? this.under.#changed(table) : new Map<string, Row | undefined>();
    for (const change of this.changes.values())
      if (change.table === table) changed.set(change.key, change.next);
    return changed;
  }

  holder(constraint: Constraint, value: string): Row | undefined {
    const claim = `${constraint} ${value}`;
    if (this.#claims.has(claim)) return this.#claims.get(claim);
    if (this.under) return this.under.holder(constraint, value);
    return this.rows.holder(constraint, this.organizationId, value);
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
    if (this.under === undefined) return;
    for (const [name, change] of this.changes) this.under.changes.set(name, change);
    for (const [claim, row] of this.#claims) this.under.#claims.set(claim, row);
  }
}
