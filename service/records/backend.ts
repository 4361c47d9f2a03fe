import type { AuditRecord } from '../domain/audit.js';
import type { AuditId, ConnectionId, OrganizationId } from '../domain/ids.js';
import type { IntegrityKeyRenewal } from '../domain/ports.js';
import type { ColumnOf, Constraint, OrderOf, TableName, Values } from './tables.js';

/**
 * The port of a store to its rows. Every rule is in `record-store.ts`; a backend knows `tables.ts` and
 * keeps rows. Reads see durable rows.
 */
export interface Backend {
  /** The rows with these keys, in the order of the keys. */
  get<Name extends TableName>(
    table: Name,
    keys: readonly string[],
  ): Promise<readonly (Values[Name] | undefined)[]>;
  /**
   * The rows of the table that hold these values, which are unique; in the order of the values.
   * @param organizationId for what is unique within an organization
   */
  holders<Name extends TableName>(
    table: Name,
    constraint: Constraint,
    values: readonly string[],
    organizationId?: OrganizationId,
  ): Promise<readonly (Values[Name] | undefined)[]>;
  list<Name extends TableName>(table: Name, query: Query<Name>): Promise<readonly Values[Name][]>;
  /** How many rows have each value of a column. */
  count<Name extends TableName>(
    table: Name,
    column: ColumnOf<Name>,
    where?: Where<Name> & { readonly organizationId?: OrganizationId | undefined },
  ): Promise<ReadonlyMap<string, number>>;
  /**
   * All of what `work` puts, or nothing; durable when it is fulfilled. Transactions of one organization run as if one
   * after the other. `work` does nothing but read and write the transaction, since it may run again after a conflict.
   *
   * @throws UniqueConflict, RolebridgeError `store_unavailable`, and what `work` throws
   */
  transact<Result>(
    organizationId: OrganizationId,
    work: (transaction: Transaction) => Promise<Result>,
  ): Promise<Result>;
  readonly log: Log;
  /**
   * When the key that signs was encrypted under a former service key, a new one signs from now on, also what is there.
   * Once that is done, the key before proves what the audit log had by then and nothing else.
   */
  renewIntegrityKey?(): Promise<IntegrityKeyRenewal>;
  /** @throws RolebridgeError `store_unavailable` when a transaction would fail now */
  ready(): Promise<void>;
  close(): Promise<void>;
}

export interface Transaction {
  get<Name extends TableName>(table: Name, key: string): Promise<Values[Name] | undefined>;
  /** How many of the organization's rows there are, including the transaction's. */
  count<Name extends TableName>(table: Name, where: Where<Name>): Promise<number>;
  /** The key of the row that holds a value which is to be unique. */
  holder(constraint: Constraint, value: string): Promise<string | undefined>;
  /** Inserts the row or replaces it. `lasting: false`: it may be lost in a crash, as a lease may. @throws UniqueConflict */
  put<Name extends TableName>(
    table: Name,
    value: Values[Name],
    options?: { lasting?: boolean },
  ): Promise<void>;
  delete(table: TableName, key: string): Promise<void>;
  /** Puts records into the audit log with the commit: none without it, all with it. */
  audit(records: readonly AuditRecord[]): void;
  /** No copy of an earlier version may stay: one holds a secret that this change destroys. */
  forgetVersionBefore(): void;
}

/** The audit log of each organization. Nothing in it is ever changed. */
export interface Log {
  /** Of one organization; all of them or none. @throws RolebridgeError `store_unavailable` */
  append(records: readonly AuditRecord[]): Promise<void>;
  /** The newest first. */
  read(
    /** Undefined: of all, by the time in their ids. */
    organizationId: OrganizationId | undefined,
    page: { limit: number; before?: AuditId | undefined; connectionId?: ConnectionId | undefined },
  ): Promise<{ records: AuditRecord[]; hasMore: boolean }>;
  /** Those with a log: an organization that could not be made has one, too. */
  organizations(): Promise<readonly OrganizationId[]>;
  /** Takes out records from before, as far as no newer ones share a file with them. @returns how many went */
  trim(before: AuditId): Promise<number>;
  /** Of a log that is no chain of lines. */
  readonly checkpoints?: AuditCheckpoints | undefined;
}

export interface AuditCheckpoints {
  /** Signs what there is from before, in each organization. @returns how many checkpoints */
  sign(before: AuditId): Promise<number>;
  /** Mismatches with the checkpoints, for an operator. */
  faults(): Promise<string[]>;
}

export type Where<Name extends TableName> = { readonly [Column in ColumnOf<Name>]?: string | undefined };

/** The rows of a list, in its order. */
export interface Selection<Name extends TableName> {
  readonly order: OrderOf<Name>;
  /** Left out: of all organizations. */
  readonly organizationId?: OrganizationId | undefined;
  readonly where?: Where<Name> | undefined;
  /** Only rows whose column contains the text. */
  readonly search?: { readonly column: ColumnOf<Name>; readonly text: string } | undefined;
  /** Only rows whose first column of the order is that or less. */
  readonly upTo?: string | undefined;
  /** Only rows that hold this scope, or one within it. */
  readonly within?: string | undefined;
  /** Only rows that hold a value between these two: as many as wanted with the first values. */
  readonly holding?:
    | { readonly constraint: Constraint; readonly after: string; readonly before: string }
    | undefined;
}

export interface Query<Name extends TableName> extends Selection<Name> {
  readonly limit: number;
  /** The key of the last row of the page before; it still counts when that row left the list. */
  readonly after?: string | undefined;
  /** The key of the first row of the page behind, instead: the nearest rows in front of it, in the list's order. */
  readonly before?: string | undefined;
}

/** A row wants a value (or a key) that another row has. */
export class UniqueConflict extends Error {
  constructor(readonly constraint: Constraint | 'key') {
    super(`Another row holds this ${constraint}.`);
    this.name = 'UniqueConflict';
  }
}
