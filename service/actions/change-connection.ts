import { type Dependencies, isoNow } from '../actions/dependencies.js';
import type { AuditEvent, AuditIntent, Requester } from '../domain/audit.js';
import { type Connection, roleRegistrationOf } from '../domain/connection.js';
import { checkScope, describeScope, type Scope, scopeKey } from '../domain/scope.js';
import type { Verification } from '../domain/verification.js';
import { audited, recordOutcome } from './audited.js';
import { type CommitOptions, commitChange } from './commit-change.js';

export async function renameConnection(
  deps: Dependencies,
  by: Requester,
  connection: Connection,
  name: string,
): Promise<Connection> {
  return saveChange(deps, by, { action: 'connection.rename', details: { name } }, connection, { name });
}

/**
 * Sets where the connection applies. A scope whose holder was disconnected by its customer is taken without asking.
 * @throws RolebridgeError `scope_taken` unless told to replace
 */
export async function setScopes(
  deps: Dependencies,
  by: Requester,
  connection: Connection,
  scopes: readonly Scope[],
  replace: boolean,
): Promise<Connection> {
  const unique = new Map(scopes.map((scope) => [scopeKey(checkScope(scope)), scope]));
  const details = { scopes: [...unique.values()].map(describeScope).join('; '), replace };
  return saveChange(
    deps,
    by,
    { action: 'connection.set_scopes', details },
    connection,
    { scopes: [...unique.values()] },
    // Decided by the store, at once with the change: another process may be giving the scope away.
    { replaceScopes: replace || 'from_disconnected' },
  );
}

/**
 * The customer's stack took the role away. The scopes stay: their targets must not fall through to a wider connection.
 * Another role than the connection's (an old stack, a copy) changes nothing.
 */
export async function deprovisionConnection(
  deps: Dependencies,
  by: Requester,
  connection: Connection,
  roleArn: string,
): Promise<Connection> {
  const isItsRole = 'roleArn' in connection && connection.roleArn === roleArn;
  // A role that was to take an access key's place and never did: the key stays in use.
  if (connection.status === 'disconnected' || connection.method === 'access_key' || !isItsRole) {
    const details = { roleArn: roleArn.slice(0, 2_048), changed: false };
    await recordOutcome(deps, by, { action: 'connection.deprovision', ...subjectOf(connection), details });
    return connection;
  }
  return saveChange(deps, by, { action: 'connection.deprovision' }, connection, {
    status: 'disconnected',
    reason: 'deprovisioned',
    disconnectedAt: isoNow(deps.clock),
  });
}

/** Forgets the connection, its access key first; what stays is enough to recognize its stack's last callback and nothing else. */
export async function deleteConnection(
  deps: Dependencies,
  by: Requester,
  connection: Connection,
  { isExpiry = false }: { isExpiry?: boolean } = {},
): Promise<void> {
  const trust = roleRegistrationOf(connection);
  const event = isExpiry
    ? ({
        action: 'connection.expire',
        details: { reason: 'nobody used it', since: connection.createdAt },
      } as const)
    : ({ action: 'connection.delete' } as const);
  const forgotten = {
    name: '',
    scopes: [],
    roleArn: undefined,
    accountId: undefined,
    verification: undefined,
    wasConnected: undefined,
    expectedAccountId: undefined,
    accessKey: undefined,
    ...(connection.method === 'access_key' && {
      migration: trust && {
        externalId: trust.externalId,
        encryptedCallbackSecret: trust.encryptedCallbackSecret,
      },
    }),
    status: 'disconnected',
    reason: 'deleted',
    disconnectedAt: isoNow(deps.clock),
  };
  await saveChange(deps, by, event, connection, forgotten, { isExpiry });
}

/** Stores these changes of a connection, recorded before and after. */
export async function saveChange(
  deps: Dependencies,
  by: Requester,
  event: Pick<AuditEvent, 'action' | 'details'>,
  connection: Connection,
  changes: object,
  options: CommitOptions = {},
): Promise<Connection> {
  return audited(deps, by, { ...event, ...subjectOf(connection) }, (intent) =>
    storeChange(deps, intent, connection, changes, options),
  );
}

/** Stores these changes of a connection, whose intent is recorded. */
export async function storeChange(
  deps: Dependencies,
  intent: AuditIntent,
  connection: Connection,
  changes: object,
  options: CommitOptions = {},
): Promise<Connection> {
  const next = {
    ...connection,
    ...changes,
    version: connection.version + 1,
    updatedAt: isoNow(deps.clock),
  } as Connection;
  await commitChange(deps, intent, connection, next, options);
  return next;
}

/** Stores a later receipt of the same finding: for whoever holds the connection, nothing has changed. */
export async function recordVerification<Checked extends Extract<Connection, { verification: Verification }>>(
  deps: Dependencies,
  intent: AuditIntent,
  connection: Checked,
  verification: Verification,
): Promise<Checked> {
  const next = { ...connection, verification };
  await commitChange(deps, intent, connection, next);
  return next;
}

/** Which connection an audit record is about. */
export const subjectOf = ({ organizationId, id }: Pick<Connection, 'organizationId' | 'id'>) => ({
  organizationId,
  connectionId: id,
});
