import type { AuditIntent, Requester } from '../domain/audit.js';
import type { Connection, RoleRegistration } from '../domain/connection.js';
import { scopesAfterCallback } from '../domain/connection-scopes.js';
import { RolebridgeError } from '../domain/errors.js';
import { newExternalId } from '../domain/ids.js';
import { describeScope, type Scope, scopeFromKey, scopeKey } from '../domain/scope.js';
import type { RoleToVerify } from '../domain/verification/request.js';
import { verifyRole } from '../domain/verification/verify-role.js';
import { audited, type TakeOutcome } from './audited.js';
import { subjectOf } from './change-connection.js';
import { type Dependencies, forVerification } from './dependencies.js';
import { learnFromOpenedRole } from './learn-from-opened-role.js';
import { planPermissions, type StatedPermissionSet } from './permission-set.js';
import { requireRegistration } from './require-method.js';
import { storeVerdict, type VerdictRequest } from './store-verdict.js';

/**
 * Verifies the role and stores the outcome: connected, or failed with the reason.
 * @throws RolebridgeError the failed check's code (refused), `scope_taken`, `role_already_connected`,
 *   `connection_disconnected`, `method_mismatch`, `connection_changed`, or one that says "not decided yet" (`retryAfterSeconds`)
 */
export async function verifyConnection(
  deps: Dependencies,
  by: Requester,
  connection: Connection,
  request: VerificationRequest,
): Promise<Connection> {
  const limited = await forVerification(deps, by, connection);
  const details = { roleArn: request.roleArn.slice(0, 2_048), askedBy: request.askedBy };
  return audited(
    deps,
    by,
    { action: 'connection.verify', ...subjectOf(connection), details },
    (intent, takeOutcome) => verifyAndStore(limited, intent, connection, { ...request, takeOutcome }),
    request.idempotency,
  );
}

export interface VerificationRequest
  extends StatedPermissionSet,
    Pick<RoleToVerify, 'roleArn' | 'roleId' | 'isVendorsDenialFinal' | 'diagnose' | 'onProgress'>,
    Pick<VerdictRequest, 'askedBy' | 'persistFailure' | 'idempotency'> {
  /** The connection's new scope; by default unchanged. */
  readonly scope?: Scope | undefined;
  readonly firstAttemptAtMs?: number;
}

/** The refusal of what a deleted connection's stack asks for. */
export const connectionDeleted = (): RolebridgeError =>
  new RolebridgeError('connection_disconnected', 'The vendor has deleted this connection.', {
    remedy: 'Ask the vendor for a new connection and use its values.',
  });

async function verifyAndStore(
  deps: Dependencies,
  intent: AuditIntent,
  connection: Connection,
  request: VerificationRequest & { readonly takeOutcome: TakeOutcome },
): Promise<Connection> {
  if (connection.status === 'disconnected' && connection.reason === 'deleted') throw connectionDeleted();
  const trust = requireRegistration(connection);
  const scopes = scopesAfterCallback(connection, request.scope);
  await refuseTakenScope(deps, connection, scopes);

  const isScheduled = request.askedBy === 'schedule';
  const isByService = isScheduled || request.askedBy === 'verify';
  const permissions = planPermissions(deps, connection, { stated: request, isByService });
  let current: Connection = connection;
  const result = await verifyRole(
    {
      connection: {
        ...identityOf(connection, trust),
        // A role in an access key's place opens the same account: targets must not change theirs unseen.
        expectedAccountId:
          connection.method === 'access_key' ? connection.accountId : connection.expectedAccountId,
      },
      roleArn: request.roleArn,
      roleId: request.roleId,
      vendorPrincipals: deps.principals,
      deniedAccountIds: deps.deniedAccountIds,
      sessionName: `rolebridge.${request.askedBy}.${connection.id}`,
      firstAttemptAt: request.firstAttemptAtMs ?? deps.clock.now(),
      // A request that carries no time of an earlier attempt must come to a verdict itself, or none ever does.
      propagationWindowMs: isScheduled
        ? 0
        : Math.min(
            deps.propagationWindowMs,
            request.firstAttemptAtMs === undefined ? deps.maxWaitMs : Infinity,
          ),
      maxWaitMs: isScheduled ? 0 : deps.maxWaitMs,
      allowPropagation:
        !isScheduled &&
        (connection.status === 'failed' ||
          (trust.pendingExternalId !== undefined && request.askedBy !== 'verify')),
      callerRetries: request.askedBy === 'callback',
      isVendorsDenialFinal: request.isVendorsDenialFinal,
      diagnose: request.diagnose,
      ...probing(deps, connection, request),
      accountAlias: knownAlias(connection, request.roleArn),
      requireProof: deps.requireProof,
      permissions: permissions.toCheck,
      onProgress: request.onProgress,
      onOpened: async (role, externalId) => {
        current = await learnFromOpenedRole(deps, intent, current, role, externalId);
      },
    },
    { sts: deps.sts, clock: deps.clock, newExternalId: () => newExternalId(deps.vendor.externalIdPrefix) },
  );
  return storeVerdict(deps, intent, current, { ...request, permissions, scopes }, result);
}

/** The alias from the last verification of the same role. */
const knownAlias = (connection: Connection, roleArn: string): string | undefined =>
  'verification' in connection && 'roleArn' in connection && connection.roleArn === roleArn
    ? connection.verification?.accountAlias
    : undefined;

const identityOf = (connection: Connection, { externalId, pendingExternalId }: RoleRegistration) => ({
  id: connection.id,
  organizationId: connection.organizationId,
  externalId,
  pendingExternalId,
  foreignExternalIds: connection.foreignExternalIds,
});

/**
 * Scheduled checks read the policy each time and probe once a day. For an unreadable policy, the first probes run each
 * time, and all probes once a day.
 */
function probing(
  { clock, schedule }: Dependencies,
  connection: Connection,
  { askedBy, roleArn }: VerificationRequest,
): { probedAt?: string } {
  if (askedBy !== 'schedule' || connection.method !== 'assume_role' || connection.status !== 'connected')
    return {};
  const { probedAt } = connection;
  const isRecent = clock.now() - Date.parse(probedAt) < schedule.probeIntervalMs;
  if (!isRecent || connection.roleArn !== roleArn || connection.pendingExternalId !== undefined) return {};
  return { probedAt };
}

/** Refuses a scope that another connection holds, before any call to AWS. */
async function refuseTakenScope(deps: Dependencies, connection: Connection, scopes: readonly Scope[]) {
  const keys = scopes.map(scopeKey);
  const holders = (await deps.store.scopeHolders(connection.organizationId, keys)).filter(
    (holder) => holder.connection.id !== connection.id && holder.connection.status !== 'disconnected',
  );
  const [first] = holders;
  if (first === undefined) return;
  throw new RolebridgeError(
    'scope_taken',
    `The scope "${describeScope(scopes.find((scope) => scopeKey(scope) === first.key) ?? {})}" is held by another connection, "${first.connection.name}".`,
    {
      remedy:
        'Choose another scope, or have the vendor replace the other connection (PUT …/scopes with "replace": true).',
      members: {
        holders: holders.map((holder) => ({
          connectionId: holder.connection.id,
          name: holder.connection.name,
          scope: scopeFromKey(holder.key),
        })),
      },
    },
  );
}
