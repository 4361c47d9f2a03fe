import { type Dependencies, forVerification, isoNow } from '../actions/dependencies.js';
import type { AuditIntent, Requester } from '../domain/audit.js';
import { boundAccountOf, type Connection, claimedRole, roleRegistrationOf } from '../domain/connection.js';
import { type ErrorCode, RolebridgeError } from '../domain/errors.js';
import { newExternalId } from '../domain/ids.js';
import { inconclusiveCode } from '../domain/inconclusive.js';
import { parseRoleArn } from '../domain/role-arn.js';
import { checkScope, describeScope, type Scope, scopeFromKey, scopeKey } from '../domain/scope.js';
import type { Check, Verification } from '../domain/verification.js';
import { type VerificationProgress, verifyRole } from '../domain/verify-role.js';
import { audited } from './audited.js';
import { recordVerification, storeChange, subjectOf } from './change-connection.js';

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
  return audited(deps, by, { action: 'connection.verify', ...subjectOf(connection), details }, (intent) =>
    verifyAndStore(asking, intent, connection, request),
  );
}

export interface VerificationRequest {
  readonly roleArn: string;
  /** Where the connection applies from now on; what it was when left out. */
  readonly scope?: Scope | undefined;
  /** `watch`: the service itself, which waits for nothing since it comes again. */
  readonly askedBy: 'callback' | 'manual' | 'verify' | 'watch';
  readonly firstAttemptAtMs?: number;
  /** A failure that does not count yet is not stored. @default all count */
  readonly persistFailure?: (code: ErrorCode) => boolean | Promise<boolean>;
  /** Whether the causes of a denial are looked for. @default true */
  readonly diagnose?: boolean;
  readonly onProgress?: ((progress: VerificationProgress) => void) | undefined;
}

async function verifyAndStore(
  deps: Dependencies,
  intent: AuditIntent,
  connection: Connection,
  request: VerificationRequest,
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
  if (request.askedBy === 'callback') requireBoundAccount(connection, request.roleArn);
  const scopes = scopesAfter(connection, request.scope, request.askedBy);
  await refuseTakenScope(deps, connection, scopes);

  const isWatch = request.askedBy === 'watch';
  const { persistFailure = () => true } = request;
  const result = await verifyRole(
    {
      connection: {
        id: connection.id,
        externalId: trust.externalId,
        pendingExternalId: trust.pendingExternalId,
        // A role in an access key's place opens the same account: targets must not change theirs unseen.
        expectedAccountId:
          connection.method === 'access_key' ? connection.accountId : connection.expectedAccountId,
      },
      roleArn: request.roleArn,
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
      diagnose: request.diagnose,
      onProgress: request.onProgress,
    },
    { sts: deps.sts, clock: deps.clock, newExternalId },
  );
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
    // The role works and is as safe as it was: the change of its external ID waits, and nothing else.
    const isHarmless = error.code === 'previous_external_id_accepted' && connection.status === 'connected';
    if (result.role !== undefined && !isHarmless && (await persistFailure(error.code)))
      await storeFailure(deps, intent, connection, result.role.arn, result.verification, isWatch);
    throw error;
  }

  const { role, verification, externalId } = result;
  try {
    const passed: Verification = {
      ...verification,
      checks: [...verification.checks, notConnectedElsewhere(deps)],
    };
    const changes = {
      ...noState,
      method: 'assume_role',
      externalId,
      pendingExternalId: externalId === trust.externalId ? trust.pendingExternalId : undefined,
      encryptedCallbackSecret: trust.encryptedCallbackSecret,
      previousCallbackSecret: trust.previousCallbackSecret,
      status: 'connected',
      roleArn: role.arn,
      accountId: role.accountId,
      verification: passed,
      scopes,
    };
    const isSame =
      isWatch &&
      connection.status === 'connected' &&
      connection.method === 'assume_role' &&
      externalId === trust.externalId;
    if (isSame) return await recordVerification(deps, intent, connection, passed);
    return await storeChange(deps, intent, connection, changes, { replaceScopes: 'from_disconnected' });
  } catch (error) {
    if (!(error instanceof RolebridgeError) || error.code !== 'role_already_connected') throw error;
    const failed = alreadyConnected(deps, verification);
    await storeFailure(deps, intent, connection, role.arn, failed);
    throw verificationFailed(failed);
  }
}

/**
 * A callback's secret opens no way into another account. The refusal holds nothing that a role could be made with.
 * @throws RolebridgeError `account_mismatch`
 */
function requireBoundAccount(connection: Connection, roleArn: string): void {
  const bound = boundAccountOf(connection);
  if (bound === undefined || !isInAnotherAccount(roleArn, bound)) return;
  throw new RolebridgeError('account_mismatch', "The role is in another account than this connection's.", {
    remedy: 'Deploy with credentials of the account that this connection is for.',
  });
}

function isInAnotherAccount(roleArn: string, accountId: string): boolean {
  try {
    return parseRoleArn(roleArn).accountId !== accountId;
  } catch {
    // The first check of the verification names what is wrong with it.
    return false;
  }
}

/** A callback gives a connection without a scope its first one; a scope that is set is kept. */
function scopesAfter(
  connection: Connection,
  asked: Scope | undefined,
  askedBy: VerificationRequest['askedBy'],
): readonly Scope[] {
  if (asked !== undefined) checkScope(asked);
  if (asked === undefined || (askedBy === 'callback' && connection.scopes.length > 0))
    return connection.scopes;
  return [asked];
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
  roleArn: string,
  verification: Verification,
  isWatch = false,
) {
  if (connection.method === 'access_key') {
    await storeChange(deps, intent, connection, {
      migration: { ...connection.migration, roleArn, verification },
    });
    return;
  }
  const claimed = claimedRole(connection);
  if (claimed !== undefined && claimed !== roleArn) return;
  if (isWatch && connection.status === 'failed' && isSameFailure(connection.verification, verification)) {
    // Its causes were looked for when it was found first.
    const { diagnosis } = connection.verification;
    await recordVerification(deps, intent, connection, { ...verification, ...(diagnosis && { diagnosis }) });
    return;
  }
  await storeChange(deps, intent, connection, {
    ...noState,
    status: 'failed',
    roleArn,
    verification,
    wasConnected: claimed !== undefined,
  });
}

type Failure = Extract<Verification, { result: 'failed' }>;

const isSameFailure = (before: Verification, now: Verification): before is Failure =>
  before.result === 'failed' && now.result === 'failed' && before.code === now.code;

/** A verdict on the role or the access key, unlike what keeps the service from one. */
export class VerificationFailed extends RolebridgeError {}

export function verificationFailed(verification: Verification): VerificationFailed {
  if (verification.result === 'passed') throw new Error('A verification that passed is no refusal.');
  const { code, message, remedy, checks, diagnosis } = verification;
  return new VerificationFailed(code, message, {
    remedy,
    members: {
      checks,
      ...(diagnosis && { diagnosis: { causes: diagnosis.causes }, trustPolicy: diagnosis.trustPolicy }),
    },
  });
}

const notConnectedElsewhere = (deps: Dependencies): Check => ({
  name: 'not_already_connected',
  outcome: 'passed',
  message: 'No other connection has this role.',
  at: isoNow(deps.clock),
});

function alreadyConnected(deps: Dependencies, verification: Verification): Verification {
  const message = 'This role is already connected by another connection.';
  const remedy = 'Make a role of its own for this connection, with its external ID, and connect that.';
  return {
    startedAt: verification.startedAt,
    finishedAt: isoNow(deps.clock),
    probes: verification.probes,
    checks: [
      ...verification.checks,
      {
        name: 'not_already_connected',
        outcome: 'failed',
        code: 'role_already_connected',
        message,
        remedy,
        at: isoNow(deps.clock),
      },
    ],
    result: 'failed',
    code: 'role_already_connected',
    message,
    remedy,
  };
}

/** The members that belong to one state go before another state's are set. */
const noState = {
  roleArn: undefined,
  accountId: undefined,
  verification: undefined,
  wasConnected: undefined,
  reason: undefined,
  disconnectedAt: undefined,
  accessKey: undefined,
  migration: undefined,
};
