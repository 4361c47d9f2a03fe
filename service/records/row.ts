import type { OrganizationId } from '../domain/ids.js';
import type { TableName } from './tables.js';

/** A row in memory: its value as JSON text, a third of the size of the object, and what questions ask by. */
export interface Row {
  readonly table: TableName;
  readonly organizationId: OrganizationId;
  readonly key: string;
  readonly text: string;
  readonly columns: { readonly [name: string]: string | undefined };
  /** The value itself while it is one of those read lately. */
  value: unknown;
}
