import { timingSafeEqual } from 'node:crypto';
import type { Requester } from '../domain/audit.js';
import { RolebridgeError } from '../domain/errors.js';
import { newOperatorTokenId } from '../domain/ids.js';
import {
  hashOperatorToken,
  isOperatorTokenText,
  newOperatorTokenText,
  type Operator,
  type OperatorPermission,
  type OperatorTokenData,
  operatorPermissions,
  operatorTokenData,
} from '../domain/operator.js';
import { operatorOrganizationId } from '../domain/organization.js';
import type { Clock, Store, Token } from '../domain/ports.js';
import { audited } from './audited.js';
import { isoNow } from './dependencies.js';

type Deps = { readonly store: Store; readonly clock: Clock };

export interface OperatorToken extends OperatorTokenData {
  readonly createdAt: string;
  /** Absent: it doesn't expire. */
  readonly expiresAt?: string | undefined;
}

/** Tokens without an expiry are stored with this one. */
const never = '9999-12-31T23:59:59.999Z';

/** Creates an operator's token; its text is in no later answer. Only the machine of the service can: tokens mint no tokens. */
export async function createOperatorToken(
  deps: Deps,
  by: Requester,
  wanted: {
    readonly name: string;
    readonly permissions: readonly OperatorPermission[];
    readonly expiresAt?: string | undefined;
  },
): Promise<OperatorToken & { readonly token: string }> {
  await createOperatorOrganization(deps);
  const { name, permissions, expiresAt = never } = wanted;
  const text = newOperatorTokenText();
  const token: Token = {
    kind: 'operator_token',
    hash: hashOperatorToken(text),
    organizationId: operatorOrganizationId,
    createdAt: isoNow(deps.clock),
    expiresAt,
    data: { id: newOperatorTokenId(), name, permissions },
  };
  const details = { tokenId: dataOf(token).id, name, permissions: permissions.join(' '), expiresAt };
  const event = { action: 'operator_token.create', organizationId: operatorOrganizationId, details } as const;
  await audited(deps, by, event, () => deps.store.saveToken(token));
  return { ...shown(token), token: text };
}

/** The oldest first. */
export async function listOperatorTokens({ store, clock }: Deps): Promise<OperatorToken[]> {
  return (await store.tokensOf(operatorOrganizationId, 'operator_token'))
    .filter(({ expiresAt }) => expiresAt > isoNow(clock))
    .sort((one, other) => (one.createdAt < other.createdAt ? -1 : 1))
    .map(shown);
}

/** From now on it opens nothing. @throws RolebridgeError `not_found` */
export async function revokeOperatorToken(deps: Deps, by: Requester, id: string): Promise<void> {
  const tokens = await deps.store.tokensOf(operatorOrganizationId, 'operator_token');
  const found = tokens.find((token) => dataOf(token).id === id);
  if (found === undefined)
    throw new RolebridgeError('not_found', 'There is no operator token with this id.', {
      remedy: 'List them with "rolebridge operator-token list".',
    });
  const details = { tokenId: id, name: dataOf(found).name };
  const event = { action: 'operator_token.revoke', organizationId: operatorOrganizationId, details } as const;
  await audited(deps, by, event, () => deps.store.takeToken('operator_token', found.hash));
}

const useMarkMs = 5 * 60_000;

/** Whose token it is: the setting's, or one that was created, unless it expired or was revoked. */
export async function operatorOf(
  { store, clock }: Deps,
  settingHash: string | undefined,
  text: string,
): Promise<Operator | undefined> {
  const hashed = hashOperatorToken(text);
  if (settingHash !== undefined && timingSafeEqual(Buffer.from(hashed), Buffer.from(settingHash)))
    return { permissions: operatorPermissions };
  const token = isOperatorTokenText(text) ? await store.token('operator_token', hashed) : undefined;
  if (token === undefined || token.expiresAt <= isoNow(clock)) return undefined;
  const { lastUsedAt, ...operator } = dataOf(token);
  // Beside the call: a store that can't be written to says so in the answers to the calls that have to write.
  if (lastUsedAt === undefined || clock.now() - Date.parse(lastUsedAt) > useMarkMs)
    store
      .replaceToken(token, { ...token, data: { ...token.data, lastUsedAt: isoNow(clock) } })
      .catch(() => {});
  return operator;
}

/** The vendor's own rows belong to an organization that is in no list. */
export async function createOperatorOrganization({ store, clock }: Deps): Promise<void> {
  if (await store.organization(operatorOrganizationId)) return;
  await store
    .createOrganization({ id: operatorOrganizationId, name: 'operator', createdAt: isoNow(clock) })
    .catch(async (error: unknown) => {
      // Another process was first.
      if ((await store.organization(operatorOrganizationId)) === undefined) throw error;
    });
}

const dataOf = ({ data }: Token): OperatorTokenData => operatorTokenData.parse(data);

function shown(token: Token): OperatorToken {
  const { createdAt, expiresAt } = token;
  return { ...dataOf(token), createdAt, ...(expiresAt !== never && { expiresAt }) };
}
