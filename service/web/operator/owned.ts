import type { Connection } from '../../domain/connection.js';
import type { Organization } from '../../domain/organization.js';
import type { Store } from '../../domain/ports.js';

export type Totals = Awaited<ReturnType<Store['connectionTotals']>>;
/** A connection with the organization that it belongs to. */
export interface Owned {
  readonly connection: Connection;
  readonly organization: Organization | undefined;
}
