import { hash, randomBytes } from 'node:crypto';
import type { Requester } from '../domain/audit.js';
import { type Connection, isDeleted } from '../domain/connection.js';
import { RolebridgeError } from '../domain/errors.js';
import { isConnectionId } from '../domain/ids.js';
import type { Store, Token } from '../domain/ports.js';
import { audited } from './audited.js';
import { type QuotaDependencies, withinQuota } from './require-quota.js';
import { requireRegistration } from './require-registration.js';

type Codes = QuotaDependencies & { readonly publicUrl: string };

const DAY_MS = 24 * 60 * 60 * 1000;
const LIFETIME_DAYS = 7;

/**
 * One code for the values that a customer's code needs. It reads them and nothing else, and holds no secret. A new code
 * revokes the one before, so a connection has at most one.
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
  // In the fragment, which no server or proxy sees.
  const link = `${deps.publicUrl}/#${code}`;
  return { code, link, command: `npx @rolebridge/constructs init --setup ${link}`, expiresAt };
}

export async function revokeSetupCode(
  deps: Pick<Codes, 'store' | 'clock'>,
  by: Requester,
  connection: Connection,
): Promise<void> {
  const { organizationId, id: connectionId } = connection;
  await audited(deps, by, { action: 'setup_code.revoke', organizationId, connectionId }, () =>
    takeAll(deps.store, connection),
  );
}

/** @throws RolebridgeError `unauthorized`: the code is unknown, has expired or was revoked */
export async function connectionOfSetupCode(
  { store, clock }: Pick<Codes, 'store' | 'clock'>,
  code: string,
): Promise<{ connection: Connection; expiresAt: string }> {
  const token = await store.token('setup_code', hashOf(code));
  const id = token?.data.connectionId;
  const isValid = token !== undefined && Date.parse(token.expiresAt) > clock.now();
  const connection =
    isValid && typeof id === 'string' && isConnectionId(id)
      ? await store.connectionForCallback(id)
      : undefined;
  if (!token || !connection || isDeleted(connection))
    throw new RolebridgeError('unauthorized', 'This set-up code is unknown, has expired or was revoked.', {
      remedy: 'Create a new one on the page of the connection.',
    });
  return { connection, expiresAt: token.expiresAt };
}

/** When the set-up code of a connection expires; undefined: it has none. */
export async function setupCodeExpiry(
  { store, clock }: Pick<Codes, 'store' | 'clock'>,
  connection: Connection,
): Promise<string | undefined> {
  const codes = await codesOf(store, connection);
  return codes.find(({ expiresAt }) => Date.parse(expiresAt) > clock.now())?.expiresAt;
}

const codesOf = async (store: Store, { id, organizationId }: Connection): Promise<Token[]> =>
  (await store.tokensOf(organizationId, 'setup_code')).filter(({ data }) => data.connectionId === id);

async function takeAll(store: Store, connection: Connection): Promise<void> {
  for (const token of await codesOf(store, connection)) await store.takeToken('setup_code', token.hash);
}

const hashOf = (code: string): string => hash('sha256', code);
