import type { AuditIntent } from '../domain/audit.js';
import {
  type ConnectedConnection,
  type Connection,
  claimedRole,
  type DeployedPermissionSet,
  roleRegistrationOf,
} from '../domain/connection.js';
import {
  connected,
  failed,
  migrating,
  withForeignRole,
  withMissingPermissions,
} from '../domain/connection-transitions.js';
import { type ErrorCode, RolebridgeError } from '../domain/errors.js';
import { acceptingBothExternalIds } from '../domain/external-id-rotation.js';
import { noVerdictError } from '../domain/inconclusive.js';
import type { RoleArn } from '../domain/role-arn.js';
import type { Scope } from '../domain/scope.js';
import type { RoleVerification } from '../domain/verification/request.js';
import type { FailedVerification } from '../domain/verification.js';
import { permissionsKey } from '../domain/webhook-message.js';
import type { IdempotencyRecordOf, TakeOutcome } from './audited.js';
import { recordVerification, saveNextVersion } from './change-connection.js';
import { type CommitOptions, commitWithConsequences } from './commit-change.js';
import { type Dependencies, isoNow } from './dependencies.js';
import { isForeignRole } from './learn-from-opened-role.js';
import type { PermissionPlan } from './permission-set.js';
import { connectedElsewhere, notConnectedElsewhere, verificationFailed } from './verification-failed.js';

/** The caller's part of storing a verdict. */
export interface VerdictRequest {
  /** `schedule`: the service itself, which waits for nothing since it retries. */
  readonly askedBy: 'callback' | 'manual' | 'verify' | 'schedule';
  /** A failure that does not count yet is not stored. @default all count */
  readonly persistFailure?: ((code: ErrorCode) => boolean | Promise<boolean>) | undefined;
  /** Stored with the connection, whether it passes or fails. */
  readonly idempotency?: IdempotencyRecordOf | undefined;
  readonly takeOutcome: TakeOutcome;
  readonly permissions: PermissionPlan;
  readonly scopes: readonly Scope[];
}

/** Stores the result of a verification. @throws RolebridgeError for anything but a role that passed */
export async function storeVerdict(
  deps: Dependencies,
  intent: AuditIntent,
  before: Connection,
  request: VerdictRequest,
  result: RoleVerification,
): Promise<Connection> {
  const { permissions, scopes, takeOutcome, idempotency } = request;
  const endings = { takeOutcome, idempotency };
  const isScheduled = request.askedBy === 'schedule';
  if (result.outcome === 'inconclusive') throw noVerdictError(result, ' about the role');
  if (result.outcome === 'refused') return storeRefusal(deps, intent, before, request, result);

  const connection = before;
  const { role, roleId, externalId, assurance, probedAt } = result;
  const now = isoNow(deps.clock);
  const verification = notConnectedElsewhere(result.verification, now);
  const isUnchanged =
    isScheduled &&
    connection.status === 'connected' &&
    connection.method === 'assume_role' &&
    externalId === connection.externalId &&
    // A role that was created again under its name: cached sessions of the former one are void.
    roleId === connection.roleId &&
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
    if (isUnchanged) {
      const checked = { ...connection, probedAt, acceptsBothExternalIdsSince: undefined };
      return await recordVerification(deps, intent, checked, verification, endings);
    }
    const next = connected(connection, {
      ...result,
      permissionSet: permissions.deployed,
      verification,
      scopes,
    });
    return await saveNextVersion(deps, intent, connection, next, {
      replaceScopes:
        request.askedBy === 'callback' ? 'from_disconnected_in_same_account' : 'from_disconnected',
      ...endings,
    });
  } catch (error) {
    if (!(error instanceof RolebridgeError) || error.code !== 'role_already_connected') throw error;
    return refuseForeign();
  }
}

async function storeRefusal(
  deps: Dependencies,
  intent: AuditIntent,
  before: Connection,
  request: VerdictRequest,
  result: Extract<RoleVerification, { outcome: 'refused' }>,
): Promise<never> {
  const { persistFailure = () => true, permissions, takeOutcome, idempotency } = request;
  const error = verificationFailed(result.verification);
  const options = { takeOutcome, idempotency, error };
  const denied = error.code === 'role_not_assumable' ? result.role?.arn : undefined;
  const connection =
    denied && isForeignRole(before, denied)
      ? await saveNextVersion(deps, intent, before, withForeignRole(before, denied, false))
      : before;
  // The connected role is unaffected; only the requested change is not applied.
  const isHarmless = harmlessCodes.includes(error.code) && connection.status === 'connected';
  const drifted = isHarmless && driftOf(connection, result, permissions.deployed);
  const isScheduled = request.askedBy === 'schedule';
  // The report has no role when the settings exclude its account or partition, and AWS was not called.
  const known = !result.role && isScheduled && 'roleArn' in connection ? connection : undefined;
  const roleArn = result.role?.arn ?? known?.roleArn;
  if (drifted) await saveNextVersion(deps, intent, connection, drifted, options);
  else if (hasNewlyBothExternalIds(connection, result))
    // Nothing changes for users of the connection, so its version stays.
    await commitWithConsequences(
      deps,
      intent,
      connection,
      acceptingBothExternalIds(connection, isoNow(deps.clock)),
      options,
    );
  else if (roleArn !== undefined && !isHarmless && (await persistFailure(error.code))) {
    const { roleId = known?.roleId, verification } = result;
    await storeFailure(deps, intent, connection, { roleArn, roleId, verification }, options, isScheduled);
  }
  throw error;
}

const hasNewlyBothExternalIds = (
  connection: Connection,
  { role, verification }: Extract<RoleVerification, { outcome: 'refused' }>,
): connection is ConnectedConnection =>
  verification.code === 'previous_external_id_accepted' &&
  connection.method === 'assume_role' &&
  connection.status === 'connected' &&
  connection.roleArn === role?.arn &&
  connection.acceptsBothExternalIdsSince === undefined;

/** Codes of a refused change to a connected role that still works. */
const harmlessCodes: readonly ErrorCode[] = ['previous_external_id_accepted', 'permissions_missing'];

/** Permissions missing from the deployed version were lost since: stored and reported regardless of the deploy. */
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
  const next = withMissingPermissions(connection, verification);
  return permissionsKey(next) === permissionsKey(connection) ? undefined : next;
}

/** Stores a failed role, unless the connection has another role that works. */
async function storeFailure(
  deps: Dependencies,
  intent: AuditIntent,
  connection: Connection,
  found: { roleArn: RoleArn; roleId: string | undefined; verification: FailedVerification },
  options: CommitOptions,
  isScheduled = false,
): Promise<void> {
  const { roleArn, verification } = found;
  if (connection.method === 'access_key') {
    const registration = roleRegistrationOf(connection);
    if (registration)
      await saveNextVersion(
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
  if (isScheduled && connection.status === 'failed') {
    const { verification: before } = connection;
    if (before.result === 'failed' && before.code === verification.code) {
      // The first report of this failure has the diagnosis.
      const { diagnosis } = before;
      const report = { ...verification, ...(diagnosis && { diagnosis }) };
      await recordVerification(deps, intent, connection, report, options);
      return;
    }
  }
  await saveNextVersion(deps, intent, connection, failed(connection, found), options);
}
