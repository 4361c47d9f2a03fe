import { hash, randomBytes } from 'node:crypto';
import type { Requester } from '../domain/audit.js';
import { type Connection, isDeleted } from '../domain/connection.js';
import { RolebridgeError } from '../domain/errors.js';
import { isConnectionId } from '../domain/ids.js';
import type { Store, Token } from '../domain/ports.js';
import { audited } from './audited.js';
import { requireRegistration } from './require-method.js';
import { type QuotaDependencies, withinQuota } from './require-quota.js';

type Codes = QuotaDependencies & { readonly publicUrl: string };

const DAY_MS = 24 * 60 * 60 * 1000;
const LIFETIME_DAYS = 7;

/**
 * Creates the code for the values that a customer's code needs. It reads them and nothing else, and contains no secret.
 * Only the newest code of a connection is valid.
 * @throws RolebridgeError `method_mismatch` for a connection that expects no role
 */
export async function createSetupCode(
  deps: Codes,
  by: Requester,
  connection: Connection,
): Promise<{ code: string; link: string; command: string; expiresAt: string }> {
  requireRegistration(connection);
  const code = `stp_${randomBytes(24).toString('base64url')}`;
  const now = deps.clock.now();
  const expiresAt = new Date(now + LIFETIME_DAYS * DAY_MS).toISOString();
  const { organizationId, id: connectionId } = connection;
  const token: Token = {
    kind: 'setup_code',
    hash: hashOf(code),
    organizationId,
    createdAt: new Date(now).toISOString(),
    expiresAt,
    data: { connectionId },
  };
  const event = { action: 'setup_code.create', organizationId, connectionId } as const;
  const former = await codesOf(deps.store, connection);
  await withinQuota(deps, organizationId, former.length > 0 ? [] : ['setupCodes'], (quotas) =>
    audited(deps, by, event, () => deps.store.saveToken(token, quotas, former)),
  );
  // The code is in the fragment, which browsers do not send.
  const link = `${deps.publicUrl}/#${code}`;
  return { code, link, command: `npx @rolebridge/constructs init --setup ${link}`, expiresAt };
}

export async function revokeSetupCode(
  deps: Pick<Codes, 'store' | 'clock'>,
  by: Requester,
  connection: Connection,
): Promise<void> {
  const { organizationId, id: connectionId } = connection;
  await audited(deps, by, { action: 'setup_code.revoke', organizationId, connectionId }, async () => {
    for (const { hash } of await codesOf(deps.store, connection))
      await deps.store.takeToken('setup_code', hash);
  });
}

/** @throws RolebridgeError `unauthorized`: the code is unknown, has expired, or was revoked or replaced */
export async function connectionOfSetupCode(
  deps: Pick<Codes, 'store' | 'clock'>,
  code: string,
): Promise<{ connection: Connection; expiresAt: string }> {
  const hashed = hashOf(code);
  const id = (await deps.store.token('setup_code', hashed))?.data.connectionId;
  const connection =
    typeof id === 'string' && isConnectionId(id) ? await deps.store.connectionForCallback(id) : undefined;
  const valid = connection && !isDeleted(connection) ? await validCodeOf(deps, connection) : undefined;
  if (connection === undefined || valid?.hash !== hashed)
    throw new RolebridgeError('unauthorized', 'This set-up code is unknown, has expired or was revoked.', {
      remedy: 'Create a new one on the page of the connection.',
    });
  return { connection, expiresAt: valid.expiresAt };
}

/** The expiry of a connection's set-up code; undefined without a code. */
export const setupCodeExpiry = async (
  deps: Pick<Codes, 'store' | 'clock'>,
  connection: Connection,
): Promise<string | undefined> => (await validCodeOf(deps, connection))?.expiresAt;

/** The newest code: two concurrent requests can store one each. */
async function validCodeOf(
  { store, clock }: Pick<Codes, 'store' | 'clock'>,
  connection: Connection,
): Promise<Token | undefined> {
  const [newest] = (await codesOf(store, connection)).sort((one, other) =>
    orderOf(one) > orderOf(other) ? -1 : 1,
  );
  return newest && Date.parse(newest.expiresAt) > clock.now() ? newest : undefined;
}

const orderOf = ({ createdAt, hash }: Token): string => `${createdAt} ${hash}`;

const codesOf = async (store: Store, { id, organizationId }: Connection): Promise<Token[]> =>
  (await store.tokensOf(organizationId, 'setup_code')).filter(({ data }) => data.connectionId === id);

const hashOf = (code: string): string => hash('sha256', code);
