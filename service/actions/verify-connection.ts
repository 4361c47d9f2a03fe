import { type Connection, claimedRole } from '../domain/connection.js';
import { RolebridgeError } from '../domain/errors.js';
import { newExternalId } from '../domain/ids.js';
import { checkScope, describeScope, type Scope, scopeKey } from '../domain/scope.js';
import { type Dependencies, nowText } from '../domain/service-dependencies.js';
import type { Check, Verification } from '../domain/verification.js';
import { verifyRole } from '../domain/verify-role.js';
import { changed, onlyDisconnectedHold } from './change-connection.js';

/**
 * Verifies the role and stores the outcome: connected, or failed with the reason.
 * @throws RolebridgeError the failed check's code (refused), `scope_taken`, `role_already_connected`,
 *   `connection_disconnected`, `connection_changed`, or one that says "not decided yet" (`retryAfterSeconds`)
 */
export async function verifyConnection(
  deps: Dependencies,
  connection: Connection,
  request: {
    roleArn: string;
    /** Where the connection applies from now on; what it was when left out. */
    scope?: Scope | undefined;
    askedBy: 'callback' | 'manual' | 'verify';
    firstAttemptAtMs?: number;
    expectedAccountId?: string | undefined;
  },
): Promise<Connection> {
  if (connection.status === 'disconnected' && connection.reason === 'deleted')
    throw new RolebridgeError('connection_disconnected', 'The vendor has deleted this connection.', {
      remedy: 'Ask the vendor for a new connection and use its values.',
    });
  const scopes = request.scope === undefined ? connection.scopes : [checkScope(request.scope)];
  const replaceScopes = await refuseTakenScope(deps, connection, scopes);

  const result = await verifyRole(
    {
      connection,
      roleArn: request.roleArn,
      vendorPrincipals: deps.principals,
      deniedAccountIds: deps.deniedAccountIds,
      sessionName: `rolebridge.${request.askedBy}.${connection.id}`,
      firstAttemptAt: request.firstAttemptAtMs ?? deps.clock.now(),
      propagationWindowMs: deps.propagationWindowMs,
      maxWaitMs: deps.maxWaitMs,
      trustMayHaveChanged: connection.status === 'failed',
    },
    { sts: deps.sts, clock: deps.clock, newExternalId },
  );
  if (result.outcome === 'undecided')
    throw new RolebridgeError(
      result.reason === 'propagating'
        ? 'verification_in_progress'
        : result.reason.startsWith('vendor_credentials')
          ? 'vendor_credentials_invalid'
          : 'aws_unavailable',
      result.message,
      {
        remedy:
          'Nothing was decided about the role. Send the same request again after the time in Retry-After.',
        retryAfterSeconds: result.retryAfterSeconds,
      },
    );
  if (result.outcome === 'refused') {
    if (result.role !== undefined) await storeFailure(deps, connection, result.role.arn, result.verification);
    throw refusal(result.verification);
  }

  const { role, verification } = result;
  try {
    const passed: Verification = {
      ...verification,
      checks: [...verification.checks, notConnectedElsewhere(deps)],
    };
    const next = changed(deps, stripState(connection), {
      status: 'connected',
      roleArn: role.arn,
      accountId: role.accountId,
      verification: passed,
      scopes,
    });
    await deps.store.commit({ connection: { next, ifVersion: connection.version }, replaceScopes });
    return next;
  } catch (error) {
    if (!(error instanceof RolebridgeError) || error.code !== 'role_already_connected') throw error;
    const failed = alreadyConnected(deps, verification);
    await storeFailure(deps, connection, role.arn, failed);
    throw refusal(failed);
  }
}

/** Before anything is asked of AWS: a scope that another connection holds fails the request at once. */
async function refuseTakenScope(deps: Dependencies, connection: Connection, scopes: readonly Scope[]) {
  const keys = scopes.map(scopeKey);
  if (await onlyDisconnectedHold(deps, connection, keys)) return true;
  const holders = (await deps.store.scopeHolders(connection.organizationId, keys)).filter(
    (holder) => holder.connection.id !== connection.id,
  );
  const [first] = holders;
  if (first === undefined) return true;
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
          scope: holder.key,
        })),
      },
    },
  );
}

/** A refused role never disturbs a role that the connection already has. */
async function storeFailure(
  deps: Dependencies,
  connection: Connection,
  roleArn: string,
  verification: Verification,
) {
  const claimed = claimedRole(connection);
  if (claimed !== undefined && claimed !== roleArn) return;
  const next = changed(deps, stripState(connection), {
    status: 'failed',
    roleArn,
    verification,
    wasConnected: claimed !== undefined,
  });
  await deps.store.commit({ connection: { next, ifVersion: connection.version } });
}

function refusal(verification: Verification): RolebridgeError {
  if (verification.result === 'passed') throw new Error('A verification that passed is no refusal.');
  const { code, message, remedy, checks, diagnosis } = verification;
  return new RolebridgeError(code, message, {
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
  at: nowText(deps.clock),
});

function alreadyConnected(deps: Dependencies, verification: Verification): Verification {
  const message = 'This role is already connected by another connection.';
  const remedy = 'Make a role of its own for this connection, with its external ID, and connect that.';
  return {
    startedAt: verification.startedAt,
    finishedAt: nowText(deps.clock),
    probes: verification.probes,
    checks: [
      ...verification.checks,
      {
        name: 'not_already_connected',
        outcome: 'failed',
        code: 'role_already_connected',
        message,
        remedy,
        at: nowText(deps.clock),
      },
    ],
    result: 'failed',
    code: 'role_already_connected',
    message,
    remedy,
  };
}

/** The members that belong to one state go before another state's are set. */
function stripState(connection: Connection): Connection {
  const { roleArn, accountId, verification, wasConnected, reason, disconnectedAt, ...rest } =
    connection as Connection &
      Record<
        'roleArn' | 'accountId' | 'verification' | 'wasConnected' | 'reason' | 'disconnectedAt',
        unknown
      >;
  return rest as Connection;
}
