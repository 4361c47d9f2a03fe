import { type Dependencies, forVerification, isoNow } from '../actions/dependencies.js';
import type { AuditIntent, Requester } from '../domain/audit.js';
import {
  type Connection,
  claimedRole,
  type DeployedPermissionSet,
  roleRegistrationOf,
} from '../domain/connection.js';
import { scopesAfterCallback } from '../domain/connection-scopes.js';
import { connected, failed, lacking, migrating, withForeignRole } from '../domain/connection-transitions.js';
import { type ErrorCode, RolebridgeError } from '../domain/errors.js';
import { newExternalId } from '../domain/ids.js';
import { inconclusiveCode } from '../domain/inconclusive.js';
import type { RoleArn } from '../domain/role-arn.js';
import { describeScope, type Scope, scopeFromKey, scopeKey } from '../domain/scope.js';
import type { RoleVerification, VerificationProgress } from '../domain/verification/request.js';
import { verifyRole } from '../domain/verification/verify-role.js';
import type { FailedVerification } from '../domain/verification.js';
import { permissionsKey } from '../domain/webhook-message.js';
import { audited, type ReceiptOf, type TakeOutcome } from './audited.js';
import { recordVerification, storeChange, subjectOf } from './change-connection.js';
import type { CommitOptions } from './commit-change.js';
import { isForeignRole, learnFromOpenedRole } from './learn-from-opened-role.js';
import { planPermissions, type StatedPermissionSet } from './permission-set.js';
import { connectedElsewhere, notConnectedElsewhere, verificationFailed } from './verification-failed.js';

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
  const asking = await forVerification(deps, by, connection);
  const details = { roleArn: request.roleArn.slice(0, 2_048), askedBy: request.askedBy };
  return audited(
    deps,
    by,
    { action: 'connection.verify', ...subjectOf(connection), details },
    (intent, takeOutcome) => verifyAndStore(asking, intent, connection, { ...request, takeOutcome }),
    request.receipt,
  );
}

export interface VerificationRequest extends StatedPermissionSet {
  readonly roleArn: string;
  /** The id of the role that the stack made; AWS must open that very one. */
  readonly roleId?: string | undefined;
  /** Where the connection applies from now on; what it was when left out. */
  readonly scope?: Scope | undefined;
  /** `watch`: the service itself, which waits for nothing since it retries. */
  readonly askedBy: 'callback' | 'manual' | 'verify' | 'watch';
  readonly firstAttemptAtMs?: number;
  /** A failure that does not count yet is not stored. @default all count */
  readonly persistFailure?: (code: ErrorCode) => boolean | Promise<boolean>;
  /** See {@link RoleToVerify.isVendorsDenialFinal}. */
  readonly isVendorsDenialFinal?: () => Promise<boolean>;
  /** Whether the causes of a denial are looked for. @default true */
  readonly diagnose?: boolean;
  /** Stored with the connection, whether it passes or fails. */
  readonly receipt?: ReceiptOf | undefined;
  readonly onProgress?: ((progress: VerificationProgress) => void) | undefined;
}

async function verifyAndStore(
  deps: Dependencies,
  intent: AuditIntent,
  connection: Connection,
  request: VerificationRequest & { readonly takeOutcome: TakeOutcome },
): Promise<Connection> {
  if (connection.status === 'disconnected' && connection.reason === 'deleted')
    throw new RolebridgeError('connection_disconnected', 'The vendor has deleted this connection.', {
      remedy: 'Ask the vendor for a new connection and use its values.',
    });
  const trust = roleRegistrationOf(connection);
  if (trust === undefined)
    throw new RolebridgeError('method_mismatch', 'This connection uses an access key and expects no role.', {
      remedy: 'Begin its move to a role with POST …/migrate-to-role.',
    });
  const scopes = scopesAfterCallback(connection, request.scope);
  await refuseTakenScope(deps, connection, scopes);

  const isWatch = request.askedBy === 'watch';
  const isByService = isWatch || request.askedBy === 'verify';
  const permissions = planPermissions(deps, connection, { stated: request, isByService });
  let current: Connection = connection;
  const result = await verifyRole(
    {
      connection: {
        id: connection.id,
        organizationId: connection.organizationId,
        externalId: trust.externalId,
        pendingExternalId: trust.pendingExternalId,
        // A role in an access key's place opens the same account: targets must not change theirs unseen.
        expectedAccountId:
          connection.method === 'access_key' ? connection.accountId : connection.expectedAccountId,
        foreignExternalIds: connection.foreignExternalIds,
      },
      roleArn: request.roleArn,
      roleId: request.roleId,
      vendorPrincipals: deps.principals,
      deniedAccountIds: deps.deniedAccountIds,
      sessionName: `rolebridge.${request.askedBy}.${connection.id}`,
      firstAttemptAt: request.firstAttemptAtMs ?? deps.clock.now(),
      propagationWindowMs: isWatch ? 0 : deps.propagationWindowMs,
      maxWaitMs: isWatch ? 0 : deps.maxWaitMs,
      allowPropagation:
        !isWatch &&
        (connection.status === 'failed' ||
          (trust.pendingExternalId !== undefined && request.askedBy !== 'verify')),
      callerRetries: request.askedBy === 'callback',
      isVendorsDenialFinal: request.isVendorsDenialFinal,
      diagnose: request.diagnose,
      ...probing(deps, connection, request),
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

async function storeVerdict(
  deps: Dependencies,
  intent: AuditIntent,
  before: Connection,
  request: VerificationRequest & {
    readonly takeOutcome: TakeOutcome;
    readonly permissions: ReturnType<typeof planPermissions>;
    readonly scopes: readonly Scope[];
  },
  result: RoleVerification,
): Promise<Connection> {
  const { persistFailure = () => true, permissions, scopes, takeOutcome, receipt } = request;
  const endings = { takeOutcome, receipt };
  const isWatch = request.askedBy === 'watch';
  if (result.outcome === 'inconclusive')
    throw new RolebridgeError(
      result.reason === 'propagating' ? 'verification_in_progress' : inconclusiveCode(result.reason),
      result.message,
      {
        remedy:
          'Nothing was decided about the role. Send the same request again after the time in Retry-After.',
        retryAfterSeconds: result.retryAfterSeconds,
      },
    );
  if (result.outcome === 'refused') {
    const error = verificationFailed(result.verification);
    const denied = error.code === 'role_not_assumable' ? result.role?.arn : undefined;
    const connection =
      denied && isForeignRole(before, denied)
        ? await storeChange(deps, intent, before, withForeignRole(before, denied, false))
        : before;
    // The role works and is as safe as it was: the change waits, and nothing else.
    const isHarmless = harmlessCodes.includes(error.code) && connection.status === 'connected';
    const drifted = isHarmless && driftOf(connection, result, permissions.deployed);
    if (drifted) await storeChange(deps, intent, connection, drifted, { ...endings, error });
    else if (result.role !== undefined && !isHarmless && (await persistFailure(error.code)))
      await storeFailure(
        deps,
        intent,
        connection,
        { roleArn: result.role.arn, roleId: result.roleId, verification: result.verification },
        { ...endings, error },
        isWatch,
      );
    throw error;
  }

  const connection = before;
  const { role, roleId, externalId, assurance, probedAt } = result;
  const now = isoNow(deps.clock);
  const verification = notConnectedElsewhere(result.verification, now);
  const isUnchanged =
    isWatch &&
    connection.status === 'connected' &&
    connection.method === 'assume_role' &&
    externalId === connection.externalId &&
    connection.assurance === assurance &&
    permissionsKey(connection) ===
      permissionsKey({ ...connection, permissionSet: permissions.deployed, verification }) &&
    connection.permissionSet?.newest === permissions.deployed?.newest;
  const refuseForeign = async () => {
    const elsewhere = connectedElsewhere(result.verification, now);
    const failure = verificationFailed(elsewhere);
    const found = { roleArn: role.arn, roleId, verification: elsewhere };
    await storeFailure(deps, intent, connection, found, { ...endings, error: failure });
    throw failure;
  };
  if (isForeignRole(connection, role.arn)) return refuseForeign();
  try {
    if (isUnchanged)
      return await recordVerification(deps, intent, { ...connection, probedAt }, verification, endings);
    const next = connected(connection, {
      role,
      roleId,
      externalId,
      assurance,
      probedAt,
      permissionSet: permissions.deployed,
      verification,
      scopes,
    });
    return await storeChange(deps, intent, connection, next, {
      replaceScopes:
        request.askedBy === 'callback' ? 'from_disconnected_in_same_account' : 'from_disconnected',
      ...endings,
    });
  } catch (error) {
    if (!(error instanceof RolebridgeError) || error.code !== 'role_already_connected') throw error;
    return refuseForeign();
  }
}

/** What the role lacks of the very version that it has was lost since: that is stored and told, whatever becomes of the deploy. */
function driftOf(
  connection: Connection,
  { role, roleId, verification }: Extract<RoleVerification, { outcome: 'refused' }>,
  deployed: DeployedPermissionSet | undefined,
): Connection | undefined {
  if (connection.method !== 'assume_role' || connection.status !== 'connected') return undefined;
  const { permissionSet: own } = connection;
  const isItsOwn = connection.roleArn === role?.arn && connection.roleId === roleId;
  const isSameSet =
    own !== undefined &&
    own.version === deployed?.version &&
    own.without.toSorted().join() === deployed?.without.toSorted().join();
  if (verification.permissions === undefined || !isItsOwn || !isSameSet) return undefined;
  const next = lacking(connection, verification);
  return permissionsKey(next) === permissionsKey(connection) ? undefined : next;
}

/** A refused change of a connected role: of its external ID, or of its permissions. */
const harmlessCodes: readonly ErrorCode[] = ['previous_external_id_accepted', 'permissions_missing'];

/**
 * The service's own checks read the policy each time and probe once a day; where the policy can't be read, the three
 * first probes are made each time and the longer list once a day.
 */
function probing(
  { clock, schedule }: Dependencies,
  connection: Connection,
  { askedBy, roleArn }: VerificationRequest,
): { probedAt?: string } {
  if (askedBy !== 'watch' || connection.method !== 'assume_role' || connection.status !== 'connected')
    return {};
  const { probedAt } = connection;
  const isRecent = clock.now() - Date.parse(probedAt) < schedule.probeIntervalMs;
  if (!isRecent || connection.roleArn !== roleArn || connection.pendingExternalId !== undefined) return {};
  return { probedAt };
}

/** Before anything is asked of AWS: a scope that another connection holds fails the request at once. */
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

/** A refused role never disturbs a role or an access key that the connection already has. */
async function storeFailure(
  deps: Dependencies,
  intent: AuditIntent,
  connection: Connection,
  found: { roleArn: RoleArn; roleId: string | undefined; verification: FailedVerification },
  options: CommitOptions,
  isWatch = false,
): Promise<void> {
  const { roleArn, verification } = found;
  if (connection.method === 'access_key') {
    const registration = roleRegistrationOf(connection);
    if (registration)
      await storeChange(
        deps,
        intent,
        connection,
        migrating(connection, { ...registration, roleArn, verification }),
        options,
      );
    return;
  }
  const claimed = claimedRole(connection);
  const isItsRole = claimed === roleArn && verification.code !== 'role_id_mismatch';
  if (claimed !== undefined && !isItsRole) return;
  if (isWatch && connection.status === 'failed') {
    const { verification: before } = connection;
    if (before.result === 'failed' && before.code === verification.code) {
      // Its causes were looked for when it was found first.
      const { diagnosis } = before;
      const report = { ...verification, ...(diagnosis && { diagnosis }) };
      await recordVerification(deps, intent, connection, report, options);
      return;
    }
  }
  await storeChange(deps, intent, connection, failed(connection, found), options);
}
