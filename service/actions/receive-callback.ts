/** Callbacks of a customer's stack, signed with its connection's secret: role created, role destroyed, dry run. */
import type { Requester } from '../domain/audit.js';
import { boundAccountOf, type Connection, externalIdsOf, isDeleted } from '../domain/connection.js';
import { disconnected, pendingAgain } from '../domain/connection-transitions.js';
import { RolebridgeError } from '../domain/errors.js';
import type { AccountId } from '../domain/ids.js';
import { parseRoleArn } from '../domain/role-arn.js';
import type { Scope } from '../domain/scope.js';
import { aboutConnection } from '../domain/webhook-message.js';
import { type IdempotencyRecordOf, recordOutcome } from './audited.js';
import { saveAudited, subjectOf } from './change-connection.js';
import { requirePartition } from './create-connection.js';
import { requireDeclared } from './declared-targets.js';
import { type Dependencies, isoNow } from './dependencies.js';
import { outboxMessages } from './outbox.js';
import { describePermissionSet, permissionSetWarnings, type StatedPermissionSet } from './permission-set.js';
import { connectionDeleted, verifyConnection } from './verify-connection.js';

export interface ReportedRole {
  readonly roleArn: string;
  /** The role's unique id, `AROA…`. */
  readonly roleId: string;
}

/**
 * The stack created a role: it is verified, and connects when it passes every check.
 * @throws RolebridgeError `account_mismatch`, `account_not_bound`, and those of {@link verifyConnection}
 */
export async function roleProvisioned(
  deps: Dependencies,
  by: Requester,
  connection: Connection,
  reported: ReportedRole &
    StatedPermissionSet & {
      readonly scope?: Scope | undefined;
      readonly firstAttemptAtMs: number;
      readonly idempotency: IdempotencyRecordOf;
    },
): Promise<Connection> {
  // `verifyConnection` refuses a deleted one, which is bound to no account.
  if (!isDeleted(connection)) await requireBoundAccount(deps, by, connection, reported);
  if (reported.scope) await requireDeclared(deps.store, connection.organizationId, [reported.scope]);
  return verifyConnection(deps, by, connection, { ...reported, askedBy: 'callback' });
}

/**
 * The stack deleted its role. Only the ARN and id of the connection's role disconnect it; another role (of an old stack or
 * a copy) is only recorded in the audit log.
 */
export async function roleDeprovisioned(
  deps: Dependencies,
  by: Requester,
  connection: Connection,
  reported: ReportedRole,
  idempotency: IdempotencyRecordOf,
): Promise<Connection> {
  const next = afterDeprovision(connection, reported, isoNow(deps.clock));
  if (next !== undefined)
    return saveAudited(deps, by, { action: 'connection.deprovision' }, connection, next, { idempotency });
  const details = { roleArn: reported.roleArn.slice(0, 2_048), changed: false };
  const event = { action: 'connection.deprovision', ...subjectOf(connection), details } as const;
  await recordOutcome(deps, by, event, undefined, { idempotency: idempotency({ connection }) });
  return connection;
}

/** Undefined when the role is not the connection's. An access key stays in use during its migration to a role. */
function afterDeprovision(
  connection: Connection,
  { roleArn, roleId }: ReportedRole,
  now: string,
): Connection | undefined {
  if (connection.method !== 'assume_role') return undefined;
  if (connection.status !== 'connected' && connection.status !== 'failed') return undefined;
  if (connection.roleArn !== roleArn || (connection.roleId ?? roleId) !== roleId) return undefined;
  return connection.status === 'failed' && !connection.wasConnected
    ? pendingAgain(connection)
    : disconnected(connection, now);
}

export interface PreflightCheck {
  readonly name: 'secret' | 'account' | 'external_id' | 'role' | 'permission_set';
  readonly outcome: 'passed' | 'failed' | 'not_checked';
  readonly code?: RolebridgeError['code'] | undefined;
  readonly message: string;
  readonly remedy?: string | undefined;
}

/**
 * The dry run before a role is created; it changes nothing and asks AWS nothing. The right external ID is in no answer.
 * @throws RolebridgeError `account_mismatch`, `account_not_bound`, `connection_disconnected`
 */
export async function checkBeforeDeploy(
  deps: Dependencies,
  by: Requester,
  connection: Connection,
  plan: {
    readonly accountId: AccountId;
    readonly roleArn?: string | undefined;
    readonly externalId?: string | undefined;
  } & StatedPermissionSet,
  idempotency: IdempotencyRecordOf,
): Promise<PreflightCheck[]> {
  const { accountId, roleArn, externalId } = plan;
  const bound = boundAccountOf(connection);
  const refusal = isDeleted(connection) ? connectionDeleted() : refusalOf(deps, bound, accountId);
  if (refusal) {
    const event = { action: 'connection.check', ...subjectOf(connection) } as const;
    await recordOutcome(deps, by, event, refusal, { idempotency: idempotency({ error: refusal }) });
    throw refusal;
  }
  const set = plan.permissionSet === undefined ? [] : [permissionSetCheck(deps, connection, plan)];
  return [
    checked('secret', () => "The request is signed with this connection's secret."),
    bound === undefined
      ? notChecked('account', 'The first role that connects binds the account.')
      : checked('account', () => `The connection is for account ${bound}.`),
    ...(externalId === undefined ? [] : [externalIdCheck(connection, externalId)]),
    ...(roleArn === undefined ? [] : [roleCheck(deps, roleArn, accountId)]),
    ...set,
  ];
}

/** A passed check with the message of `check`, or a failed one with the error that it throws. */
function checked(name: PreflightCheck['name'], check: () => string): PreflightCheck {
  try {
    return { name, outcome: 'passed', message: check() };
  } catch (error) {
    if (!(error instanceof RolebridgeError)) throw error;
    const { code, detail: message, remedy } = error;
    return { name, outcome: 'failed', code, message, remedy };
  }
}

const notChecked = (name: PreflightCheck['name'], message: string): PreflightCheck => ({
  name,
  outcome: 'not_checked',
  message,
});

/** Name, version and left-out statements; the permissions of the role are checked once it exists. */
function permissionSetCheck(
  deps: Dependencies,
  connection: Connection,
  stated: StatedPermissionSet,
): PreflightCheck {
  // A set with another name changes nothing, even if it does not exist: the check accepts what the deploy accepts.
  const [kept] = permissionSetWarnings(connection, stated);
  if (kept) return notChecked('permission_set', kept.message);
  return checked('permission_set', () => describePermissionSet(deps, stated));
}

const externalIdCheck = (connection: Connection, given: string): PreflightCheck =>
  checked('external_id', () => {
    if (externalIdsOf(connection).some((known) => known === given))
      return "The external ID is this connection's.";
    const detail = "The external ID in your stack is not this connection's.";
    throw new RolebridgeError('external_id_mismatch', detail, {
      remedy: "Copy externalId again from the connection's setup page.",
    });
  });

const roleCheck = (deps: Dependencies, roleArn: string, accountId: AccountId): PreflightCheck =>
  checked('role', () => {
    const role = parseRoleArn(roleArn);
    requirePartition(deps, role.partition);
    if (role.accountId === accountId) return `${roleArn} is a valid role ARN.`;
    const detail = 'The role is in another account than the credentials in use.';
    throw new RolebridgeError('account_mismatch', detail, {
      remedy: 'Deploy with credentials of the account of the role.',
    });
  });

/** A callback secret gives no access to another account. The refusal contains nothing that helps to create a role. */
async function requireBoundAccount(
  deps: Dependencies,
  by: Requester,
  connection: Connection,
  { roleArn, idempotency }: { readonly roleArn: string; readonly idempotency: IdempotencyRecordOf },
): Promise<void> {
  const refusal = refusalOf(deps, boundAccountOf(connection), accountIn(roleArn));
  if (refusal === undefined) return;
  const { organizationId, id: connectionId } = connection;
  const refusedRoleArn = roleArn.slice(0, 2_048);
  const details = { roleArn: refusedRoleArn, askedBy: 'callback' };
  const messages = await outboxMessages(deps, { organizationId, connectionId }, [
    {
      type: 'connection.callback_refused',
      data: { ...aboutConnection(connection), code: refusal.code, security: true, refusedRoleArn },
    },
  ]);
  const event = { action: 'connection.verify', ...subjectOf(connection), details } as const;
  await recordOutcome(deps, by, event, refusal, { messages, idempotency: idempotency({ error: refusal }) });
  deps.reportSecurityEvent(refusal.code, { organizationId, connectionId });
  deps.wake();
  throw refusal;
}

function refusalOf(
  { requireAccount }: Dependencies,
  bound: AccountId | undefined,
  account: AccountId | undefined,
): RolebridgeError | undefined {
  if (bound === undefined)
    return requireAccount
      ? new RolebridgeError('account_not_bound', 'This connection is not bound to an AWS account yet.', {
          remedy: 'Ask the vendor to set the account that this connection is for, then deploy again.',
        })
      : undefined;
  // An invalid role ARN is reported by the first check of the verification.
  if (account === undefined || account === bound) return undefined;
  return new RolebridgeError('account_mismatch', "The role is in another account than this connection's.", {
    remedy: 'Deploy with credentials of the account that this connection is for.',
  });
}

function accountIn(roleArn: string): AccountId | undefined {
  try {
    return parseRoleArn(roleArn).accountId;
  } catch {
    return undefined;
  }
}
