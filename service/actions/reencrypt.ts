import type { AccessKeyEncryption } from '../domain/access-key.js';
import type { Requester } from '../domain/audit.js';
import { type AccessKeyConnection, accessKeyOf } from '../domain/connection.js';
import { RolebridgeError } from '../domain/errors.js';
import type { ConnectionId } from '../domain/ids.js';
import type { Clock, Store } from '../domain/ports.js';
import { audited } from './audited.js';
import { subjectOf } from './change-connection.js';

/** What became of every access key in the store. */
export interface Reencryption {
  /** The key-encryption key that they are under now, but for those that failed. */
  readonly keyId: string;
  readonly reencrypted: number;
  /** Were under that key already. */
  readonly unchanged: number;
  /** While any is left here, its old key must stay configured. */
  readonly failed: readonly { readonly connectionId: ConnectionId; readonly reason: string }[];
}

/**
 * Wraps the data keys of all connections with the key-encryption key of today, so that the one before can go.
 * May be interrupted and repeated at any time, and runs beside a service that uses both keys. One that can't be
 * opened is counted and left as it is; the others go on.
 */
export async function reencrypt(
  deps: { readonly store: Store; readonly clock: Clock },
  by: Requester,
  encryption: AccessKeyEncryption,
): Promise<Reencryption> {
  const failed: { connectionId: ConnectionId; reason: string }[] = [];
  let reencrypted = 0;
  let unchanged = 0;
  let after: ConnectionId | undefined;
  for (;;) {
    const page = await deps.store.accessKeyConnections({ limit: 100, after });
    for (const connection of page.connections) {
      try {
        if (await rewrap(deps, by, encryption, connection)) reencrypted += 1;
        else unchanged += 1;
      } catch (error) {
        if (!(error instanceof RolebridgeError) || error.code === 'store_unavailable') throw error;
        failed.push({ connectionId: connection.id, reason: error.detail });
      }
    }
    after = page.connections.at(-1)?.id;
    if (!page.hasMore) return { keyId: encryption.keyId, reencrypted, unchanged, failed };
  }
}

/** False when there is nothing to do. Somebody else's change in between is no failure: it is looked at again. */
async function rewrap(
  { store, clock }: { readonly store: Store; readonly clock: Clock },
  by: Requester,
  encryption: AccessKeyEncryption,
  found: AccessKeyConnection,
): Promise<boolean> {
  for (let connection: AccessKeyConnection | undefined = found, attempt = 1; ; attempt++) {
    const held = connection && accessKeyOf(connection);
    if (!connection || !held || held.sealed.keyId === encryption.keyId) return false;
    const from = connection;
    const details = { from: held.sealed.keyId, to: encryption.keyId };
    const event = { action: 'connection.reencrypt', ...subjectOf(from), details } as const;
    try {
      await audited({ store, clock }, by, event, async (intent) => {
        const sealed = await encryption.rewrap(from, held.sealed, intent);
        const next = { ...from, accessKey: { ...held, sealed }, version: from.version + 1 };
        await store.commit({
          connection: { next: next as AccessKeyConnection, ifVersion: from.version, intent },
        });
      });
      return true;
    } catch (error) {
      const isChanged = error instanceof RolebridgeError && error.code === 'connection_changed';
      if (!isChanged || attempt === 5) throw error;
      // A change that is not on the disk yet is not read either.
      await clock.sleep(20 * attempt);
      const latest = await store.connection(connection.organizationId, connection.id);
      connection = latest?.method === 'access_key' ? latest : undefined;
    }
  }
}
