import { type Dependencies, isoNow } from '../actions/dependencies.js';
import type { AuditEvent, AuditIntent, Requester } from '../domain/audit.js';
import type { Connection, VerifiableConnection } from '../domain/connection.js';
import {
  deleted,
  type LabelChange,
  labelled,
  renamed,
  reported,
  revised,
  scopedByVendor,
} from '../domain/connection-transitions.js';
import type { Authority } from '../domain/permission.js';
import { checkScope, describeScope, type Scope, scopeKey } from '../domain/scope.js';
import type { Verification } from '../domain/verification.js';
import { audited } from './audited.js';
import { type CommitOptions, commitChange } from './commit-change.js';
import { requireDeclared } from './declared-targets.js';

export async function renameConnection(
  deps: Dependencies,
  by: Requester,
  connection: Connection,
  name: string,
): Promise<Connection> {
  return saveChange(
    deps,
    by,
    { action: 'connection.rename', details: { name } },
    connection,
    renamed(connection, name),
  );
}

/** Reference, metadata and default region. */
export async function labelConnection(
  deps: Dependencies,
  by: Requester,
  connection: Connection,
  change: LabelChange,
): Promise<Connection> {
  const { reference, metadata, defaultRegion } = change;
  const details = {
    ...(reference !== undefined && { reference: reference ?? '' }),
    ...(metadata !== undefined && { metadata: Object.keys(metadata).join(', ') }),
    ...(defaultRegion !== undefined && { defaultRegion: defaultRegion ?? '' }),
  };
  return saveChange(
    deps,
    by,
    { action: 'connection.label', details },
    connection,
    labelled(connection, change),
  );
}

/**
 * Sets where the connection applies. A scope whose holder was disconnected by its customer is taken without asking.
 * `replace` may name each holder and scope to take, as a person confirmed them: another one that came meanwhile keeps its own.
 * @throws RolebridgeError `scope_taken` unless `replace` is set
 */
export async function setScopes(
  deps: Dependencies,
  by: Requester,
  connection: Connection,
  scopes: readonly Scope[],
  replace: boolean | ReadonlySet<string>,
  { scope: within }: Pick<Authority, 'scope'> = {},
): Promise<Connection> {
  const unique = new Map(scopes.map((scope) => [scopeKey(checkScope(scope)), scope]));
  const from = replace || 'from_disconnected';
  const replaces = typeof replace === 'boolean' ? replace : replace.size > 0;
  await requireDeclared(deps.store, connection.organizationId, [...unique.values()]);
  const details = { scopes: [...unique.values()].map(describeScope).join('; '), replace: replaces };
  return saveChange(
    deps,
    by,
    { action: 'connection.set_scopes', details },
    connection,
    scopedByVendor(connection, [...unique.values()]),
    // Decided by the store, at once with the change: another process may be giving the scope away.
    { replaceScopes: within ? { within, from } : from },
  );
}

/** Deletes the connection, its access key first; a tombstone stays to recognize its stack's last callback. */
export async function deleteConnection(
  deps: Dependencies,
  by: Requester,
  connection: Connection,
  { isExpiry = false }: { isExpiry?: boolean } = {},
): Promise<void> {
  const event = isExpiry
    ? ({
        action: 'connection.expire',
        details: { reason: 'not used', since: connection.createdAt },
      } as const)
    : ({ action: 'connection.delete' } as const);
  await saveChange(deps, by, event, connection, deleted(connection, isoNow(deps.clock)), { isExpiry });
}

/** Stores the next state of a connection, recorded before and after. */
export async function saveChange<Next extends Connection>(
  deps: Dependencies,
  by: Requester,
  event: Pick<AuditEvent, 'action' | 'details'>,
  before: Connection,
  next: Next,
  options: CommitOptions = {},
): Promise<Next> {
  return audited(deps, by, { ...event, ...subjectOf(before) }, (intent, takeOutcome) =>
    storeChange(deps, intent, before, next, { ...options, takeOutcome }),
  );
}

/** Stores the next state of a connection, whose intent is recorded. */
export async function storeChange<Next extends Connection>(
  deps: Dependencies,
  intent: AuditIntent,
  before: Connection,
  next: Next,
  options: CommitOptions = {},
): Promise<Next> {
  const stored = revised(next, before, isoNow(deps.clock));
  await commitChange(deps, intent, before, stored, options);
  return stored;
}

/** Stores a later report of the same finding: nothing changes for users of the connection. */
export async function recordVerification<Checked extends VerifiableConnection>(
  deps: Dependencies,
  intent: AuditIntent,
  connection: Checked,
  verification: Verification,
  options: CommitOptions = {},
): Promise<Checked> {
  const next = reported(connection, verification);
  await commitChange(deps, intent, connection, next, options);
  return next;
}

/** Which connection an audit record is about. */
export const subjectOf = ({ organizationId, id }: Pick<Connection, 'organizationId' | 'id'>) => ({
  organizationId,
  connectionId: id,
});
