import type { IdempotencyRecord } from '../domain/answered-request.js';
import { mayTakeScopes } from '../domain/connection-scopes.js';
import { RolebridgeError } from '../domain/errors.js';
import type { Change, Store } from '../domain/ports.js';
import { describeScope, scopeFromKey, scopeKey } from '../domain/scope.js';
import { dayBefore } from './answered-requests.js';
import { applyChange } from './apply-change.js';
import { type Backend, UniqueConflict } from './backend.js';
import { scopeHolders } from './connections.js';
import { rowsAtOnce } from './pages.js';
import { idempotencyKey, validatedCopy } from './tables.js';

/** The conflicting row may be gone before it is looked up. */
const maxTries = 3;

export const changesIn = (backend: Backend) =>
  ({
    async commit(change) {
      const { connection, idempotency, jobs = [], endJobs = [], messages = [], audit = [] } = change;
      const parts = [connection?.next ?? [], idempotency ?? [], jobs, endJobs, messages, audit].flat();
      const [owner] = parts;
      if (owner === undefined) return;
      const { organizationId } = owner;
      if (parts.some((part) => part.organizationId !== organizationId))
        throw new TypeError('A change belongs to one organization.');
      const own: Change = {
        ...change,
        ...(connection && {
          connection: { ...connection, next: validatedCopy('connections', connection.next) },
        }),
        ...(idempotency && { idempotency: validatedCopy('idempotency', idempotency) }),
        jobs: jobs.map((job) => validatedCopy('jobs', job)),
        messages: messages.map((message) => validatedCopy('messages', message)),
      };
      const old = idempotency ? await expiredRecords(backend, idempotency) : [];
      for (let tries = 1; ; tries++)
        try {
          return await backend.transact(organizationId, async (transaction) => {
            for (const record of old) await transaction.delete('idempotency', idempotencyKey(record));
            await applyChange(transaction, organizationId, own);
          });
        } catch (error) {
          if (!(error instanceof UniqueConflict) || !isOfCaller(error)) throw error;
          const refusal = await refusalOf(backend, error, change);
          if (refusal || tries === maxTries) throw refusal ?? error;
        }
    },
  }) satisfies Partial<Store>;

function expiredRecords(backend: Backend, { organizationId, firstAttemptAt }: IdempotencyRecord) {
  const upTo = dayBefore(firstAttemptAt);
  return backend.list('idempotency', { organizationId, order: 'age', upTo, limit: rowsAtOnce });
}

/** Callers choose roles and scopes. The store's other unique values are random, and a retry would not change them. */
const isOfCaller = ({ constraint }: UniqueConflict): boolean =>
  constraint === 'role' || constraint === 'scope';

/** The refusal for a conflict; undefined when the conflict no longer exists. */
async function refusalOf(
  backend: Backend,
  { constraint }: UniqueConflict,
  { connection, replaceScopes = false }: Change,
): Promise<RolebridgeError | undefined> {
  if (constraint === 'role')
    return new RolebridgeError('role_already_connected', 'This role is already connected.', {
      remedy: 'Disconnect it where it is connected, or use another role.',
    });
  if (constraint !== 'scope' || connection === undefined) return undefined;
  const { organizationId, id, scopes } = connection.next;
  const holders = (await scopeHolders(backend, organizationId, [...new Set(scopes.map(scopeKey))]))
    .filter((held) => held.connection.id !== id)
    .filter((held) => !mayTakeScopes(held.connection, connection.next, replaceScopes))
    .map(({ key, connection: { id, name } }) => ({ connectionId: id, name, scope: scopeFromKey(key) }));
  if (holders.length === 0) return undefined;
  const detail = holders
    .map(({ name, scope }) => `"${name}" already serves ${describeScope(scope)}.`)
    .join(' ');
  return new RolebridgeError('scope_taken', detail, {
    remedy: 'Choose another scope, or replace the connection that holds it.',
    members: { holders },
  });
}
