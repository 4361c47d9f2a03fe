import type { AuditAction, AuditEvent, AuditIntent, Requester } from '../domain/audit.js';
import type { Connection, LabelChange, VerifiableConnection } from '../domain/connection.js';
import {
  awaiting,
  deleted,
  labeled,
  nextVersion,
  renamed,
  scopedByVendor,
  withReport,
} from '../domain/connection-transitions.js';
import { RolebridgeError } from '../domain/errors.js';
import type { AccountId } from '../domain/ids.js';
import type { Authority } from '../domain/permission.js';
import { checkScope, describeScope, type Scope, scopeKey } from '../domain/scope.js';
import type { Verification } from '../domain/verification.js';
import { audited } from './audited.js';
import { type CommitOptions, commitWithConsequences } from './commit-change.js';
import { requireDeclared } from './declared-targets.js';
import { type Dependencies, isoNow } from './dependencies.js';
import { choosingPermissionSet, type PermissionSetChoice } from './permission-set.js';

/** The vendor's labels of a connection; account and permission set while it is pending. */
export interface ConnectionChange extends LabelChange, PermissionSetChoice {
  readonly name?: string | undefined;
  readonly expectedAccountId?: AccountId | undefined;
}

/**
 * All of the change in one commit, or nothing of it.
 * @throws RolebridgeError `account_mismatch`, `permission_set_unknown`, `request_invalid`, `connection_changed`
 */
export async function changeConnection(
  deps: Dependencies,
  by: Requester,
  connection: Connection,
  { name, expectedAccountId, permissionSet, without, ...labels }: ConnectionChange,
): Promise<Connection> {
  const { reference, metadata, defaultRegion } = labels;
  let next = connection;
  const done: { readonly action: AuditAction; readonly details: NonNullable<AuditEvent['details']> }[] = [];
  if (expectedAccountId !== undefined && expectedAccountId !== connection.expectedAccountId) {
    if (next.status !== 'pending')
      throw new RolebridgeError('account_mismatch', 'The connection has already been used with an account.', {
        remedy: 'Release it with POST …/release-account, which replaces its external ID and callback secret.',
      });
    next = awaiting(next, { expectedAccountId });
    done.push({ action: 'connection.expect_account', details: { expectedAccountId } });
  }
  if (permissionSet !== undefined || without !== undefined) {
    const chosen = choosingPermissionSet(deps, next, { permissionSet, without });
    next = chosen.next;
    done.push({ action: 'connection.set_permission_set', details: chosen.details });
  }
  const labelDetails = {
    ...(reference !== undefined && { reference: reference ?? '' }),
    ...(metadata !== undefined && { metadata: Object.keys(metadata).join(', ') }),
    ...(defaultRegion !== undefined && { defaultRegion: defaultRegion ?? '' }),
  };
  if (Object.keys(labelDetails).length > 0) {
    next = labeled(next, labels);
    done.push({ action: 'connection.label', details: labelDetails });
  }
  if (name !== undefined) {
    next = renamed(next, name);
    done.push({ action: 'connection.rename', details: { name } });
  }
  const [first, ...others] = done;
  if (first === undefined) return connection;
  const action = others.length === 0 ? first.action : 'connection.change';
  const details = Object.assign({}, ...done.map((one) => one.details));
  return saveAudited(deps, by, { action, details }, connection, next);
}

/**
 * Sets where the connection applies and, with `name`, its name. A scope whose holder was disconnected by its customer is
 * always taken. `replace` can name each holder and scope that a person confirmed: other holders keep their scopes.
 * @throws RolebridgeError `scope_taken` unless `replace` is set
 */
export async function setScopes(
  deps: Dependencies,
  by: Requester,
  connection: Connection,
  scopes: readonly Scope[],
  replace: boolean | ReadonlySet<string>,
  { scope: within }: Pick<Authority, 'scope'> = {},
  name = connection.name,
): Promise<Connection> {
  const isRenamed = name !== connection.name;
  const unique = new Map(scopes.map((scope) => [scopeKey(checkScope(scope)), scope]));
  const from = replace || 'from_disconnected';
  const replaces = typeof replace === 'boolean' ? replace : replace.size > 0;
  await requireDeclared(deps.store, connection.organizationId, [...unique.values()]);
  const details = { scopes: [...unique.values()].map(describeScope).join('; '), replace: replaces };
  return saveAudited(
    deps,
    by,
    isRenamed
      ? { action: 'connection.change', details: { name, ...details } }
      : { action: 'connection.set_scopes', details },
    connection,
    scopedByVendor(isRenamed ? renamed(connection, name) : connection, [...unique.values()]),
    // The store decides in the commit, because another process may be assigning the scope.
    { replaceScopes: within ? { within, from } : from },
  );
}

/** Deletes the connection with its access key; a tombstone stays to recognize its stack's last callback. */
export async function deleteConnection(
  deps: Dependencies,
  by: Requester,
  connection: Connection,
  { isExpiry = false }: { isExpiry?: boolean } = {},
): Promise<void> {
  const action = isExpiry ? 'connection.expire' : 'connection.delete';
  const details = isExpiry ? { reason: 'not used', since: connection.createdAt } : undefined;
  const next = deleted(connection, isoNow(deps.clock));
  await saveAudited(deps, by, { action, details }, connection, next, { isExpiry });
}

/** Stores the next state of a connection, recorded before and after. */
export async function saveAudited<Next extends Connection>(
  deps: Dependencies,
  by: Requester,
  event: Pick<AuditEvent, 'action' | 'details'>,
  before: Connection,
  next: Next,
  options: CommitOptions = {},
): Promise<Next> {
  return audited(deps, by, { ...event, ...subjectOf(before) }, (intent, takeOutcome) =>
    saveNextVersion(deps, intent, before, next, { ...options, takeOutcome }),
  );
}

/** Stores the next state of a connection, whose intent is recorded. */
export async function saveNextVersion<Next extends Connection>(
  deps: Dependencies,
  intent: AuditIntent,
  before: Connection,
  next: Next,
  options: CommitOptions = {},
): Promise<Next> {
  const stored = nextVersion(next, before, isoNow(deps.clock));
  await commitWithConsequences(deps, intent, before, stored, options);
  return stored;
}

/** Stores a newer report of the same result: nothing changes for users of the connection. */
export async function recordVerification<Checked extends VerifiableConnection>(
  deps: Dependencies,
  intent: AuditIntent,
  connection: Checked,
  verification: Verification,
  options: CommitOptions = {},
): Promise<Checked> {
  const next = withReport(connection, verification);
  await commitWithConsequences(deps, intent, connection, next, options);
  return next;
}

/** The members of an audit record that name its connection. */
export const subjectOf = ({ organizationId, id }: Pick<Connection, 'organizationId' | 'id'>) => ({
  organizationId,
  connectionId: id,
});
