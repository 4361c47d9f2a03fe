import type { AuditRecord } from '../domain/audit.js';
import type { AuditId, OrganizationId } from '../domain/ids.js';
import type { AuditPage, IntegrityKeyRenewal } from '../domain/ports.js';
import type { ColumnOf, Constraint, OrderOf, TableName, Values } from './tables.js';

/**
 * The port to stored rows. A backend derives its tables from `tables.ts` and knows no rule: rules are in the files that
 * `record-store.ts` names. Reads see durable rows.
 */
export interface Backend {
  /** Rows in the order of their keys. */
  get<Name extends TableName>(
    table: Name,
    keys: readonly string[],
  ): Promise<readonly (Values[Name] | undefined)[]>;
  /**
   * The rows that hold these unique values, in the order of the values.
   * @param organizationId required for values that are unique within an organization
   */
  holders<Name extends TableName>(
    table: Name,
    constraint: Constraint,
    values: readonly string[],
    organizationId?: OrganizationId,
  ): Promise<readonly (Values[Name] | undefined)[]>;
  list<Name extends TableName>(table: Name, query: Query<Name>): Promise<readonly Values[Name][]>;
  /** The number of rows with each value of a column. */
  count<Name extends TableName>(
    table: Name,
    column: ColumnOf<Name>,
    where?: Where<Name> & { readonly organizationId?: OrganizationId | undefined },
  ): Promise<ReadonlyMap<string, number>>;
  /**
   * Stores all that `work` writes, or nothing; it is durable when the promise is fulfilled. Transactions of one
   * organization are serializable. `work` has no other effects, since it may run again after a conflict.
   *
   * @throws UniqueConflict, RolebridgeError `store_unavailable`, and what `work` throws
   */
  transact<Result>(
    organizationId: OrganizationId,
    work: (transaction: Transaction) => Promise<Result>,
  ): Promise<Result>;
  readonly log: Log;
  /**
   * Signs everything with a new key if the current one was encrypted under a former service key. From then on the former
   * key proves only what the audit log had before.
   */
  renewIntegrityKey?(): Promise<IntegrityKeyRenewal>;
  /** @throws RolebridgeError `store_unavailable` when a transaction would fail */
  ready(): Promise<void>;
  close(): Promise<void>;
}

export interface Transaction {
  get<Name extends TableName>(table: Name, key: string): Promise<Values[Name] | undefined>;
  /** The number of the organization's rows, including those of this transaction. */
  count<Name extends TableName>(table: Name, where: Where<Name>): Promise<number>;
  /** The key of the row that holds a unique value. */
  holder(constraint: Constraint, value: string): Promise<string | undefined>;
  /** Inserts the row or replaces it. With `lasting: false`, a crash may lose the write, as it may lose a lease. @throws UniqueConflict */
  put<Name extends TableName>(
    table: Name,
    value: Values[Name],
    options?: { lasting?: boolean },
  ): Promise<void>;
  delete(table: TableName, key: string): Promise<void>;
  /** Appends records to the audit log in the same commit. */
  audit(records: readonly AuditRecord[]): void;
  /** Keeps no copy of an earlier version, which holds a secret that this change destroys. */
  dropFormerVersion(): void;
}

/** The audit log of each organization. A record is never changed. */
export interface Log {
  /** Appends all of the records, which are of one organization, or none. @throws RolebridgeError `store_unavailable` */
  append(records: readonly AuditRecord[]): Promise<void>;
  /** Records of one organization or (undefined) of all, newest first by the time in their ids. */
  read(
    organizationId: OrganizationId | undefined,
    page: AuditPage,
  ): Promise<{ records: AuditRecord[]; hasMore: boolean }>;
  /** Organizations with a log, which includes those whose creation failed. */
  organizations(): Promise<readonly OrganizationId[]>;
  /** Deletes older records, unless newer ones share a file with them. @returns the number of deleted records */
  trim(before: AuditId): Promise<number>;
  /** For logs that are no hash chain. */
  readonly checkpoints?: AuditCheckpoints | undefined;
}

export interface AuditCheckpoints {
  /** Signs the older records of each organization. @returns the number of checkpoints */
  sign(before: AuditId): Promise<number>;
  /** Mismatches with the checkpoints, for an operator. */
  faults(): Promise<string[]>;
}

export type Where<Name extends TableName> = { readonly [Column in ColumnOf<Name>]?: string | undefined };

/** Rows of a list, in its order. */
export interface Selection<Name extends TableName> {
  readonly order: OrderOf<Name>;
  /** Absent: rows of all organizations. */
  readonly organizationId?: OrganizationId | undefined;
  readonly where?: Where<Name> | undefined;
  /** Only rows whose column contains the text. */
  readonly search?: { readonly column: ColumnOf<Name>; readonly text: string } | undefined;
  /** Only rows whose sort column is at most this. */
  readonly upTo?: string | undefined;
  /** Only rows that hold this scope or a narrower one; with `first`, only the holders of so many of these, in byte order. */
  readonly within?: { readonly scope: string; readonly first?: number } | undefined;
}

export interface Query<Name extends TableName> extends Selection<Name> {
  readonly limit: number;
  /** The key of the last row of the previous page. That row may have left the list. */
  readonly after?: string | undefined;
  /** The key of the first row of the next page: the query finds the nearest rows before it, in the list's order. */
  readonly before?: string | undefined;
}

/** Another row holds the unique value or the key. */
export class UniqueConflict extends Error {
  constructor(readonly constraint: Constraint | 'key') {
    super(`Another row holds this ${constraint}.`);
    this.name = 'UniqueConflict';
  }
}
