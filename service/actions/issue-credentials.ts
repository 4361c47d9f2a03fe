import type { AccessKey } from '../domain/access-key.js';
import type { AuditIntent, Requester } from '../domain/audit.js';
import type { ConnectedConnection, Connection, KeyedConnection } from '../domain/connection.js';
import { RolebridgeError } from '../domain/errors.js';
import type { AccountId, OrganizationId } from '../domain/ids.js';
import { type Authority, denied, narrowedCeilings, requireScope } from '../domain/permission.js';
import { describeScope, type Scope } from '../domain/scope.js';
import type { Attribution, SessionRequest } from '../domain/session.js';
import { sessionLimits } from '../domain/session-limits.js';
import { failureCode } from '../domain/webhook-message.js';
import { audited, recordOutcome } from './audited.js';
import { openAccessKey } from './change-access-key.js';
import { requirePartition } from './create-connection.js';
import type { Dependencies } from './dependencies.js';
import { resolveTarget } from './resolve-target.js';

export interface IssuedCredentials {
  readonly credentials: AccessKey & {
    /** Unknown for an access key, unless its customer said when its session ends. */
    readonly expiresAt?: string | undefined;
  };
  readonly accountId: AccountId;
  readonly connection: HealthyConnection;
  readonly matchedScope: Scope;
  /** Absent for an access key, which does not show the caller in the customer's account. */
  readonly attribution?: Attribution | undefined;
}

type HealthyConnection = ConnectedConnection | KeyedConnection;

/**
 * Issues short-lived credentials for a target, from the connection that applies to it only. The connection is read from the
 * store each time, so that a change by any process takes effect at once.
 * @throws RolebridgeError `no_connection_for_target`, `connection_not_healthy`, `connection_changed`, and those of
 *   {@link Sessions.open}
 */
export async function issueCredentials(
  deps: Dependencies,
  by: Requester,
  caller: { readonly organizationId: OrganizationId; readonly authority: Authority },
  asked: SessionRequest,
): Promise<IssuedCredentials> {
  const { organizationId, authority } = caller;
  const event = { action: 'credentials.issue', organizationId, target: asked.target } as const;
  const { request, match } = await permitted(deps, organizationId, authority, asked).catch(
    async (error: unknown) => {
      await recordOutcome(deps, by, event, error);
      throw error;
    },
  );
  const { connection } = match;
  const about = { ...event, connectionId: connection.id };
  const cached = connection.method === 'assume_role' ? deps.sessions.cached(connection, request) : undefined;
  if (cached) {
    await recordOutcome(deps, by, about);
    return issued(match, cached);
  }
  return audited(deps, by, about, (intent) => openAndIssue(deps, by, intent, match, organizationId, request));
}

/** The connection for the target, and the request with the caller's ceilings. @throws RolebridgeError `permission_denied` */
async function permitted(
  deps: Dependencies,
  organizationId: OrganizationId,
  authority: Authority,
  asked: SessionRequest,
): Promise<{ match: Match; request: SessionRequest }> {
  requireScope(authority, asked.target);
  const { ceilings = {} } = authority;
  const { durationSeconds: longest } = ceilings;
  const limits = narrowedCeilings(ceilings, asked);
  const match = await healthyMatch(deps, organizationId, asked.target);
  if (match.connection.method === 'access_key' && longest !== undefined)
    throw denied(
      `The connection "${match.connection.name}" holds an access key, which does not expire; this API key issues credentials of ${longest} seconds or less.`,
    );
  const { usual } = sessionLimits.durationSeconds;
  const defaultDuration = longest === undefined ? undefined : Math.min(usual, longest);
  const durationSeconds = asked.durationSeconds ?? defaultDuration;
  return { match, request: { ...asked, ...limits, durationSeconds } };
}

async function openAndIssue(
  deps: Dependencies,
  by: Requester,
  intent: AuditIntent,
  first: Match,
  organizationId: OrganizationId,
  request: SessionRequest,
): Promise<IssuedCredentials> {
  let match = first;
  for (let attempt = 0; attempt < 3; attempt++) {
    const { connection } = match;
    const session =
      connection.method === 'assume_role'
        ? await deps.sessions.open(connection, request, intent, by.requestId)
        : await keyOf(deps, intent, connection, request);
    // The connection may have been disconnected, changed or replaced during the call to AWS.
    const now = await healthyMatch(deps, organizationId, request.target);
    if (now.connection.id === match.connection.id && now.connection.version === match.connection.version)
      return issued(match, session);
    match = now;
  }
  throw new RolebridgeError('connection_changed', 'The connection kept changing meanwhile.', {
    remedy: 'Send the same request again.',
  });
}

/** The access key itself. It can't be narrowed, so that requests with a policy or tags are rejected. */
async function keyOf(
  deps: Dependencies,
  intent: AuditIntent,
  connection: KeyedConnection,
  { sessionPolicy, tags = [] }: SessionRequest,
): Promise<Pick<IssuedCredentials, 'credentials'>> {
  if (sessionPolicy !== undefined || tags.length > 0)
    throw new RolebridgeError(
      'method_mismatch',
      `The connection "${connection.name}" holds an access key: its credentials support no session policy and no tags.`,
      {
        remedy:
          'Send the request without them, or migrate the connection to a role with POST …/migrate-to-role.',
      },
    );
  const { sessionExpiresAt: expiresAt, ...key } = await openAccessKey(deps, connection, intent);
  if (expiresAt !== undefined && Date.parse(expiresAt) <= deps.clock.now())
    throw new RolebridgeError('access_key_expired', `The session of the key expired at ${expiresAt}.`, {
      remedy: 'Send new temporary credentials with PUT …/access-key, or migrate the connection to a role.',
    });
  return { credentials: { ...key, expiresAt } };
}

interface Match {
  readonly connection: HealthyConnection;
  readonly matchedScope: Scope;
}

const issued = (
  { connection, matchedScope }: Match,
  session: Pick<IssuedCredentials, 'credentials' | 'attribution'>,
): IssuedCredentials => ({ ...session, connection, matchedScope, accountId: connection.accountId });

/** The connection of the target, if it is healthy. A wider connection is never used instead: it leads to another account. */
async function healthyMatch(
  deps: Dependencies,
  organizationId: OrganizationId,
  target: Scope,
): Promise<Match> {
  const { connection, matchedScope } = await resolveTarget(deps.store, organizationId, target);
  if (!isHealthy(connection)) throw notHealthy(connection, target);
  // The operator's settings may have changed since the verification.
  if (deps.deniedAccountIds.has(connection.accountId))
    throw new RolebridgeError(
      'role_in_vendor_account',
      `Roles in account ${connection.accountId} can't be used.`,
      { remedy: 'Connect a role in another account.' },
    );
  requirePartition(
    deps,
    connection.partition,
    'Have the vendor configure a principal in that partition again.',
  );
  return { connection, matchedScope };
}

const isHealthy = (connection: Connection): connection is HealthyConnection =>
  connection.status === 'connected';

function notHealthy(connection: Connection, target: Scope): RolebridgeError {
  const { id, name, status } = connection;
  const failedCode = failureCode(connection);
  const remedies: Partial<Record<Connection['status'], string>> = {
    pending: 'Deploy the stack of this connection, or give its role ARN with PUT /v1/connections/{id}/role.',
    failed: 'Fix the fault that its verification shows, then POST /v1/connections/{id}/verify.',
    disconnected: 'Deploy its stack again, or give another connection this scope.',
  };
  return new RolebridgeError(
    'connection_not_healthy',
    `The connection "${name}" applies to ${describeScope(target)}, but is ${status}${failedCode ? ` (${failedCode})` : ''}. No other connection is used instead.`,
    {
      ...(remedies[status] !== undefined && { remedy: remedies[status] }),
      members: { connection: { id, name, status, ...(failedCode && { code: failedCode }) } },
    },
  );
}
