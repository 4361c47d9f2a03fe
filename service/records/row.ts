import type { OrganizationId } from '../domain/ids.js';
import type { TableName } from './tables.js';

/** Where a value stands in its organization's document, and what it is. */
export interface Place {
  readonly offset: number;
  readonly bytes: number;
  readonly digest: string;
}

/** A row in memory: its value as JSON text, a third of the size of the object, and what questions ask by. */
export interface Row {
  readonly table: TableName;
  readonly organizationId: OrganizationId;
  readonly key: string;
  /** A place once it was written, if the rows of its table stay on the disk. */
  text: string | Place;
  readonly columns: { readonly [name: string]: string | undefined };
  /** The value itself while it is one of those read lately. */
  value?: unknown;
}
