import { createHash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import type { Requester } from '../domain/audit.js';
import type { Connection, RoleConnection } from '../domain/connection.js';
import { type Enrolment, type ScopeRule, scopeOfAccount, withAccount } from '../domain/enrolment.js';
import { RolebridgeError } from '../domain/errors.js';
import {
  type AccountId,
  type ConnectionId,
  type EnrolmentId,
  isEnrolmentId,
  newConnectionId,
  newEnrolmentId,
  type OrganizationId,
} from '../domain/ids.js';
import type { Token } from '../domain/ports.js';
import type { Partition } from '../domain/role-arn.js';
import { callbackSecretContext, type Dependencies, nowText } from '../domain/service-dependencies.js';
import { audited } from './audited.js';
import { createConnection, newCallbackSecret, requirePartition } from './create-connection.js';

/** Makes an enrolment; its secret is in no later answer. */
export async function createEnrolment(
  deps: Dependencies,
  by: Requester,
  organizationId: OrganizationId,
  request: {
    name: string;
    partition: Partition;
    scopeRule: ScopeRule;
    accountIds?: readonly AccountId[] | undefined;
    maxAccounts: number;
    expiresInSeconds: number;
  },
): Promise<{ enrolment: Enrolment; secret: string }> {
  requirePartition(deps, request.partition);
  const { expiresInSeconds, ...rest } = request;
  const id = newEnrolmentId();
  const secret = newCallbackSecret();
  const enrolment: Enrolment = {
    ...rest,
    id,
    organizationId,
    sealedSecret: deps.sealer.seal(secret, secretContext(id)),
    createdAt: nowText(deps.clock),
    expiresAt: new Date(deps.clock.now() + expiresInSeconds * 1000).toISOString(),
    accounts: {},
  };
  const details = { enrolmentId: id, name: enrolment.name, expiresAt: enrolment.expiresAt };
  await audited(deps, by, { action: 'enrolment.create', organizationId, details }, () =>
    deps.store.saveToken(tokenOf(enrolment)),
  );
  return { enrolment, secret };
}

/** The newest first; `before` is the place ({@link placeOf}) of the last one of the page before, which may have ended since. */
export async function listEnrolments(
  deps: Dependencies,
  organizationId: OrganizationId,
  page: { limit: number; before?: string | undefined },
): Promise<{ enrolments: Enrolment[]; next: string | undefined }> {
  const { limit, before } = page;
  const found = (await deps.store.tokensOf(organizationId, 'enrolment'))
    .map((token) => enrolmentIn(token) as Enrolment)
    .filter((enrolment) => before === undefined || placeOf(enrolment) < before)
    .sort((one, other) => (placeOf(one) > placeOf(other) ? -1 : 1));
  const enrolments = found.slice(0, limit);
  const last = enrolments.at(-1);
  return { enrolments, next: last && found.length > limit ? placeOf(last) : undefined };
}

/** Where an enrolment stands in the list. */
const placeOf = ({ createdAt, id }: Enrolment): string => `${createdAt}~${id}`;

/** @throws RolebridgeError `not_found`, also for another organization's */
export async function enrolmentOf(
  deps: Dependencies,
  organizationId: OrganizationId,
  id: string,
): Promise<Enrolment> {
  const enrolment = await findEnrolment(deps, id);
  if (enrolment?.organizationId === organizationId) return enrolment;
  throw new RolebridgeError('not_found', 'There is no enrolment with this id, or it has ended.', {
    remedy: 'Use the id from the answer that made it; the audit log has it too (enrolment.create).',
  });
}

/** From now on no account registers itself with it. The connections that it made stay. */
export async function endEnrolment(deps: Dependencies, by: Requester, enrolment: Enrolment): Promise<void> {
  const { organizationId, id } = enrolment;
  const details = { enrolmentId: id };
  await audited(deps, by, { action: 'enrolment.end', organizationId, details }, () =>
    deps.store.takeToken('enrolment', hashOf(id)),
  );
}

/** The secrets that a registration may be signed with: nobody's for an enrolment that there is not. */
export function createEnrolmentSecrets(deps: Dependencies) {
  const nobody = deps.sealer.seal(newCallbackSecret(), secretContext('nobody'));
  return (enrolment: Enrolment | undefined): [string] => [
    enrolment
      ? deps.sealer.open(enrolment.sealedSecret, secretContext(enrolment.id))
      : deps.sealer.open(nobody, secretContext('nobody')),
  ];
}

/**
 * Seals an enrolment's secret again with the service key of today; that it was ended meanwhile is no failure.
 * @throws Error when its old key is missing
 */
export async function resealEnrolment(
  deps: Pick<Dependencies, 'store' | 'clock' | 'sealer'>,
  by: Requester,
  found: Token,
): Promise<'reencrypted' | 'unchanged'> {
  const { store, sealer } = deps;
  for (let token: Token | undefined = found; token !== undefined; ) {
    const before: Token = token;
    const enrolment = enrolmentIn(before) as Enrolment;
    const { id, organizationId, sealedSecret } = enrolment;
    const from = sealer.keyIdOf(sealedSecret);
    if (from === sealer.keyId) return 'unchanged';
    const details = { enrolmentId: id, from, to: sealer.keyId };
    const isStored = await audited(
      deps,
      by,
      { action: 'enrolment.reencrypt', organizationId, details },
      () => {
        const again = sealer.seal(sealer.open(sealedSecret, secretContext(id)), secretContext(id));
        return store.replaceToken(before, tokenOf({ ...enrolment, sealedSecret: again }));
      },
    );
    if (isStored) return 'reencrypted';
    token = await store.token('enrolment', before.hash);
  }
  return 'unchanged';
}

/** Undefined also when it was ended. */
export async function findEnrolment(deps: Dependencies, id: string): Promise<Enrolment | undefined> {
  return isEnrolmentId(id) ? enrolmentIn(await deps.store.token('enrolment', hashOf(id))) : undefined;
}

/**
 * An account registers itself: its connection, made with the first registration, and the same one with each later one,
 * so that a stack whose answer was lost can ask again.
 * @throws RolebridgeError `enrolment_ended`, `account_not_enrollable`, `scope_taken`, `connection_disconnected`
 */
export async function enrolAccount(
  deps: Dependencies,
  by: Requester,
  enrolment: Enrolment,
  request: { accountId: AccountId; label?: string | undefined },
): Promise<{ connection: RoleConnection; callbackSecret: string }> {
  const { organizationId, partition, name, id } = enrolment;
  const { accountId, label } = request;
  const scope = scopeOfAccount(enrolment.scopeRule, accountId, label);
  const details = { enrolmentId: id, accountId };
  return audited(deps, by, { action: 'enrolment.register', organizationId, details }, async () => {
    const connectionId = await takePlace(deps, id, accountId);
    const known = await deps.store.connectionForCallback(connectionId);
    if (known !== undefined) return reopened(deps, known);
    const wanted = {
      id: connectionId,
      name: `${name} ${accountId}`.slice(-100),
      partition,
      scope,
      expectedAccountId: accountId,
    };
    return createConnection(deps, by, organizationId, wanted).catch(async (error: unknown) => {
      // Made meanwhile, by the same account asking twice.
      const made = await deps.store.connectionForCallback(connectionId);
      if (made === undefined) throw error;
      return reopened(deps, made);
    });
  });
}

/** Which connection is the account's. Of registrations at the same time each sees the other's place. */
async function takePlace(deps: Dependencies, id: EnrolmentId, accountId: AccountId): Promise<ConnectionId> {
  const proposed = newConnectionId();
  for (let attempt = 1; attempt <= 50; attempt++) {
    const before = await deps.store.token('enrolment', hashOf(id));
    const enrolment = enrolmentIn(before);
    if (before === undefined || enrolment === undefined)
      throw new RolebridgeError('enrolment_ended', 'The enrolment was ended.', {
        remedy: 'Ask the vendor for a new enrolment and update the stack set with its values.',
      });
    const next = withAccount(enrolment, accountId, proposed, deps.clock.now());
    const taken = next.accounts[accountId] as ConnectionId;
    if (isDeepStrictEqual(next, enrolment)) return taken;
    if (await deps.store.replaceToken(before, tokenOf(next))) return taken;
    await deps.clock.sleep(Math.random() * 20 * attempt);
  }
  throw new RolebridgeError(
    'callback_in_progress',
    'Too many accounts register themselves at the same time.',
    {
      remedy: 'Send the same request again after the time in Retry-After.',
      retryAfterSeconds: 5,
    },
  );
}

function reopened(deps: Dependencies, connection: Connection) {
  if (connection.status === 'disconnected' && connection.reason === 'deleted')
    throw new RolebridgeError(
      'connection_disconnected',
      'The vendor has deleted the connection of this account.',
      {
        remedy: 'Ask the vendor for a new enrolment and use its values.',
      },
    );
  if (connection.method !== 'assume_role') throw new Error('An enrolment makes no access key connection.');
  const { sealedCallbackSecret, id } = connection;
  return { connection, callbackSecret: deps.sealer.open(sealedCallbackSecret, callbackSecretContext(id)) };
}

export const enrolmentIdOf = (token: Token): EnrolmentId => (enrolmentIn(token) as Enrolment).id;

/** Found by its id; the secret, which signs, has to be known again and is sealed in it. */
const tokenOf = (enrolment: Enrolment): Token => {
  const { id, organizationId, createdAt, expiresAt, ...data } = enrolment;
  return {
    kind: 'enrolment',
    hash: hashOf(id),
    organizationId,
    createdAt,
    expiresAt,
    data: JSON.parse(JSON.stringify({ id, ...data })),
  };
};

const enrolmentIn = (token: Token | undefined): Enrolment | undefined =>
  token && {
    ...(token.data as unknown as Enrolment),
    organizationId: token.organizationId,
    createdAt: token.createdAt,
    expiresAt: token.expiresAt,
  };

const hashOf = (id: EnrolmentId): string => createHash('sha256').update(id).digest('hex');

const secretContext = (id: string): string => `enrolment-secret:${id}`;
