import { mayTakeScopes } from '../domain/connection-scopes.js';
import { RolebridgeError } from '../domain/errors.js';
import type { ConnectionId, OrganizationId } from '../domain/ids.js';
import type { Change, IdempotencyRecord, Store } from '../domain/ports.js';
import { describeScope, scopeFromKey, scopeKey } from '../domain/scope.js';
import { dayBefore } from './answered-requests.js';
import { type Backend, UniqueConflict } from './backend.js';
import { alreadyThere, commitChange, connectionNotFound } from './commit-change.js';
import { scopeHolders } from './connections.js';
import { one, rowsAtOnce } from './pages.js';
import { idempotencyKey, ownCopy } from './tables.js';

/** A change again that met a value of another row, which was gone when it was looked for. */
const triesAtMost = 3;

export const changesIn = (backend: Backend) =>
  ({
    async commit(change) {
      const { connection, idempotency, jobs = [], endJobs = [], messages = [] } = change;
      const [first] = [...(idempotency ? [idempotency] : []), ...endJobs];
      const owner = connection?.next ?? jobs[0] ?? messages[0];
      const organizationId =
        owner?.organizationId ?? (first && (await organizationOf(backend, first.connectionId)));
      if (organizationId === undefined) return;
      if ([...jobs, ...messages].some((each) => each.organizationId !== organizationId))
        throw new TypeError('A change belongs to one organization.');
      const own: Change = {
        ...change,
        ...(connection && { connection: { ...connection, next: ownCopy('connections', connection.next) } }),
        jobs: jobs.map((job) => ownCopy('jobs', job)),
        messages: messages.map((message) => ownCopy('messages', message)),
      };
      const old = idempotency ? await expiredRecords(backend, organizationId, idempotency) : [];
      for (let tries = 1; ; tries++)
        try {
          return await backend.transact(organizationId, async (transaction) => {
            for (const record of old) await transaction.delete('idempotency', idempotencyKey(record));
            await commitChange(transaction, organizationId, own);
          });
        } catch (error) {
          if (!(error instanceof UniqueConflict)) throw error;
          const refusal = await refusalOf(backend, error, change);
          if (refusal || tries === triesAtMost) throw refusal ?? alreadyThere(error.constraint);
        }
    },
  }) satisfies Partial<Store>;

function expiredRecords(
  backend: Backend,
  organizationId: OrganizationId,
  { firstAttemptAt }: IdempotencyRecord,
) {
  const upTo = dayBefore(firstAttemptAt);
  return backend.list('idempotency', { organizationId, order: 'age', upTo, limit: rowsAtOnce });
}

/** @throws RolebridgeError `connection_not_found` */
async function organizationOf(backend: Backend, id: ConnectionId): Promise<OrganizationId> {
  const connection = await one(backend, 'connections', id);
  if (connection === undefined) throw connectionNotFound();
  return connection.organizationId;
}

/** The conflict of a change; undefined when it no longer exists. */
async function refusalOf(
  backend: Backend,
  { constraint }: UniqueConflict,
  { connection, replaceScopes = false }: Change,
): Promise<RolebridgeError | undefined> {
  if (constraint === 'role')
    return new RolebridgeError('role_already_connected', 'This role is already connected.', {
      remedy: 'Disconnect it where it is connected, or use another role.',
    });
  if (constraint === 'key')
    return new RolebridgeError('connection_changed', 'The connection has changed in the meantime.');
  if (constraint === 'externalId' || connection === undefined) return alreadyThere('external ID');
  const { organizationId, id, scopes } = connection.next;
  const holders = (await scopeHolders(backend, organizationId, [...new Set(scopes.map(scopeKey))]))
    .filter((held) => held.connection.id !== id)
    .filter((held) => !mayTakeScopes(held.connection, connection.next, replaceScopes))
    .map(({ key, connection }) => ({ connection, scope: scopeFromKey(key) }));
  if (holders.length === 0) return undefined;
  return new RolebridgeError(
    'scope_taken',
    holders
      .map(({ connection, scope }) => `"${connection.name}" already serves ${describeScope(scope)}.`)
      .join(' '),
    {
      remedy: 'Choose another scope, or replace the connection that holds it.',
      members: {
        holders: holders.map(({ connection, scope }) => ({
          connectionId: connection.id,
          name: connection.name,
          scope,
        })),
      },
    },
  );
}
