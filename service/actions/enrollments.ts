import type { Requester } from '../domain/audit.js';
import { accountOfCaller, type CallerProof, identityRequest, notProved } from '../domain/caller-proof.js';
import {
  type Connection,
  callbackSecretContext,
  isDeleted,
  type RoleConnection,
} from '../domain/connection.js';
import {
  type Enrollment,
  enrollmentIn,
  enrollmentRoleName,
  enrollmentSecretContext,
  enrollmentTokenHash,
  enrollmentTokenOf,
  scopeOfAccount,
  withAccount,
  withNonce,
} from '../domain/enrollment.js';
import { RolebridgeError } from '../domain/errors.js';
import {
  type AccountId,
  type ConnectionId,
  type EnrollmentId,
  isEnrollmentId,
  newConnectionId,
  newEnrollmentId,
  type OrganizationId,
} from '../domain/ids.js';
import { inconclusiveError } from '../domain/inconclusive.js';
import { audited } from './audited.js';
import {
  connectionQuotas,
  createConnection,
  newSigningSecret,
  requirePartition,
} from './create-connection.js';
import { type Dependencies, isoNow } from './dependencies.js';
import { newestOf } from './newest-of.js';
import { chosenPermissionSet, type PermissionSetChoice } from './permission-set.js';
import { withinQuota } from './require-quota.js';

/** Creates an enrollment; no later answer contains its secret. */
export async function createEnrollment(
  deps: Dependencies,
  by: Requester,
  organizationId: OrganizationId,
  request: Pick<Enrollment, 'name' | 'partition' | 'scopeRule' | 'accountIds' | 'maxAccounts'> &
    PermissionSetChoice & { readonly rolePattern?: string | undefined; readonly expiresInSeconds: number },
): Promise<{ enrollment: Enrollment; secret: string }> {
  requirePartition(deps, request.partition);
  const { expiresInSeconds, permissionSet: _, without: __, ...rest } = request;
  const id = newEnrollmentId();
  const secret = newSigningSecret();
  const enrollment: Enrollment = {
    ...rest,
    permissionSet: chosenPermissionSet(deps, request),
    rolePattern: request.rolePattern ?? enrollmentRoleName(id),
    id,
    organizationId,
    encryptedSecret: deps.encryption.encrypt(secret, enrollmentSecretContext(id)),
    createdAt: isoNow(deps.clock),
    expiresAt: new Date(deps.clock.now() + expiresInSeconds * 1000).toISOString(),
    accounts: {},
    usedNonces: {},
  };
  const details = { enrollmentId: id, name: enrollment.name, expiresAt: enrollment.expiresAt };
  const event = { action: 'enrollment.create', organizationId, details } as const;
  await withinQuota(deps, organizationId, ['enrollments'], (quotas) =>
    audited(deps, by, event, () => deps.store.saveToken(enrollmentTokenOf(enrollment), quotas)),
  );
  return { enrollment, secret };
}

/** Lists enrollments, newest first. `before` is the {@link placeOf} of the last one of the previous page, which may have ended. */
export async function listEnrollments(
  deps: Dependencies,
  organizationId: OrganizationId,
  page: { limit: number; before?: string | undefined },
): Promise<{ enrollments: Enrollment[]; next: string | undefined }> {
  const all = (await deps.store.tokensOf(organizationId, 'enrollment')).map(enrollmentIn);
  const { items: enrollments, next } = newestOf(all, placeOf, page);
  return { enrollments, next };
}

/** The sort key of an enrollment in the list. */
const placeOf = ({ createdAt, id }: Enrollment): string => `${createdAt}~${id}`;

/** @throws RolebridgeError `not_found`, also for another organization's */
export async function enrollmentOf(
  deps: Dependencies,
  organizationId: OrganizationId,
  id: string,
): Promise<Enrollment> {
  const enrollment = await findEnrollment(deps, id);
  if (enrollment?.organizationId === organizationId) return enrollment;
  throw new RolebridgeError('not_found', 'There is no enrollment with this id, or it has ended.', {
    remedy: 'Use the id from the answer that created it; the audit log has it too (enrollment.create).',
  });
}

/** Ends an enrollment: no account can register any more. Its connections stay. */
export async function endEnrollment(
  deps: Dependencies,
  by: Requester,
  enrollment: Enrollment,
): Promise<void> {
  const { organizationId, id } = enrollment;
  const details = { enrollmentId: id };
  await audited(deps, by, { action: 'enrollment.end', organizationId, details }, () =>
    deps.store.takeToken('enrollment', enrollmentTokenHash(id)),
  );
}

/** The secrets that can sign a registration; an unknown enrollment gets a dummy secret. */
export function createEnrollmentSecrets(deps: Dependencies) {
  const dummySecret = deps.encryption.encrypt(newSigningSecret(), enrollmentSecretContext('unknown'));
  return (enrollment: Enrollment | undefined): [string] => [
    enrollment
      ? deps.encryption.open(enrollment.encryptedSecret, enrollmentSecretContext(enrollment.id))
      : deps.encryption.open(dummySecret, enrollmentSecretContext('unknown')),
  ];
}

/** The enrollment; undefined when it does not exist or has ended. */
export async function findEnrollment(deps: Dependencies, id: string): Promise<Enrollment | undefined> {
  const token = isEnrollmentId(id) && (await deps.store.token('enrollment', enrollmentTokenHash(id)));
  return token ? enrollmentIn(token) : undefined;
}

/**
 * Registers the account that signed the proof. The first registration creates its connection; later ones return the same
 * connection, so that a stack that lost the answer can retry.
 * @throws RolebridgeError `account_not_proved`, `enrollment_ended`, `account_not_enrollable`, `scope_taken`, `connection_disconnected`
 */
export async function enrollAccount(
  deps: Dependencies,
  by: Requester,
  enrollment: Enrollment,
  request: { proof: CallerProof; label?: string | undefined },
): Promise<{ connection: RoleConnection; callbackSecret: string }> {
  const { organizationId, partition, name, id } = enrollment;
  const { proof, label } = request;
  const requireRoom = () => withinQuota(deps, organizationId, connectionQuotas, async () => {});
  // While no account is registered, each needs room for a new connection: check before the call to AWS.
  if (Object.keys(enrollment.accounts).length === 0) await requireRoom();
  const { accountId, callerArn } = await provedAccount(deps, by, enrollment, proof);
  if (enrollment.accounts[accountId] === undefined) await requireRoom();
  const scope = scopeOfAccount(enrollment.scopeRule, accountId, label);
  const details = { enrollmentId: id, accountId, callerArn };
  return audited(deps, by, { action: 'enrollment.register', organizationId, details }, async () => {
    const connectionId = await reserveConnection(deps, id, accountId, proof.nonce);
    const known = await deps.store.connectionForCallback(connectionId);
    if (known !== undefined) return existingConnection(deps, known);
    const wanted = {
      id: connectionId,
      name: `${name} ${accountId}`.slice(-100),
      partition,
      // Without a rule the connection applies nowhere: an account must not choose.
      scopes: scope ? [scope] : [],
      expectedAccountId: accountId,
      permissionSet: enrollment.permissionSet?.name,
      without: enrollment.permissionSet?.without,
    };
    return createConnection(deps, by, organizationId, wanted).catch(async (error: unknown) => {
      // A concurrent request of the same account created it.
      const made = await deps.store.connectionForCallback(connectionId);
      if (made === undefined) throw error;
      return existingConnection(deps, made);
    });
  });
}

/** Asks AWS for the account that signed the proof. @throws RolebridgeError `account_not_proved`, or why AWS gave no verdict */
async function provedAccount(
  deps: Dependencies,
  by: Requester,
  enrollment: Enrollment,
  proof: CallerProof,
): Promise<{ accountId: AccountId; callerArn: string }> {
  const { organizationId, partition, rolePattern } = enrollment;
  const request = identityRequest(proof, {
    partition,
    enrollmentId: enrollment.id,
    origin: new URL(deps.publicUrl).origin,
    nowMs: deps.clock.now(),
  });
  const sts = deps.sts.forOrganization({ organizationId, requestId: by.requestId });
  const answer = await sts.signerIdentity(partition, request);
  if (answer.outcome === 'inconclusive') throw inconclusiveError(answer.reason);
  if (answer.outcome === 'denied')
    throw notProved(
      `AWS does not accept the signature of the proof (${answer.message}): it is not a GetCallerIdentity request for ${request.host}, this service (${request.headers['x-rolebridge-origin']}) and this enrollment.`,
    );
  return { accountId: accountOfCaller(answer.arn, { partition, rolePattern }), callerArn: answer.arn };
}

/** Consumes the nonce and reserves the account's connection id in one write, so that a proof works once. */
async function reserveConnection(
  deps: Dependencies,
  id: EnrollmentId,
  accountId: AccountId,
  nonce: string,
): Promise<ConnectionId> {
  const proposed = newConnectionId();
  for (let attempt = 1; attempt <= 50; attempt++) {
    const before = await deps.store.token('enrollment', enrollmentTokenHash(id));
    if (before === undefined)
      throw new RolebridgeError('enrollment_ended', 'The enrollment was ended.', {
        remedy: 'Ask the vendor for a new enrollment and update the stack set with its values.',
      });
    const enrollment = enrollmentIn(before);
    const now = deps.clock.now();
    const next = withNonce(withAccount(enrollment, accountId, proposed, now), nonce, now);
    const taken = next.accounts[accountId] ?? proposed;
    if (await deps.store.replaceToken(before, enrollmentTokenOf(next))) return taken;
    await deps.clock.sleep(Math.random() * 20 * attempt);
  }
  throw new RolebridgeError('callback_in_progress', 'Too many accounts register at the same time.', {
    remedy: 'Send the same request again after the time in Retry-After.',
    retryAfterSeconds: 5,
  });
}

function existingConnection(deps: Dependencies, connection: Connection) {
  if (isDeleted(connection))
    throw new RolebridgeError(
      'connection_disconnected',
      'The vendor deleted the connection of this account.',
      {
        remedy: 'Ask the vendor for a new enrollment and use its values.',
      },
    );
  if (connection.method !== 'assume_role')
    throw new Error('An enrollment creates no connection with an access key.');
  const { encryptedCallbackSecret, id } = connection;
  return {
    connection,
    callbackSecret: deps.encryption.open(encryptedCallbackSecret, callbackSecretContext(id)),
  };
}
