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
import { perService } from './per-service.js';
import { createUsageRecorder } from './usage-recorder.js';

type Deps = { readonly store: Store; readonly clock: Clock };

export interface OperatorToken extends OperatorTokenData {
  readonly createdAt: string;
  /** Absent: the token does not expire. */
  readonly expiresAt?: string | undefined;
}

/** The stored expiry of tokens that do not expire. */
const never = '9999-12-31T23:59:59.999Z';

/** Creates an operator's token; no later answer contains its text. Only the host of the service can create one. */
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
  const details = { tokenId: operatorTokenIn(token).id, name, permissions: permissions.join(' '), expiresAt };
  const event = { action: 'operator_token.create', organizationId: operatorOrganizationId, details } as const;
  await audited(deps, by, event, () => deps.store.saveToken(token));
  return { ...shown(token), token: text };
}

/** The oldest first. */
export async function listOperatorTokens(deps: Deps): Promise<OperatorToken[]> {
  return (await validTokens(deps))
    .sort((one, other) => (one.createdAt < other.createdAt ? -1 : 1))
    .map(shown);
}

const validTokens = async ({ store, clock }: Deps): Promise<Token[]> =>
  (await store.tokensOf(operatorOrganizationId, 'operator_token')).filter(
    ({ expiresAt }) => Date.parse(expiresAt) > clock.now(),
  );

/** Revokes a token. @throws RolebridgeError `not_found`, `request_invalid` */
export async function revokeOperatorToken(deps: Deps, by: Requester, id: string): Promise<void> {
  const found = await findOperatorToken(deps, id);
  const details = { tokenId: id, name: operatorTokenIn(found).name };
  const event = { action: 'operator_token.revoke', organizationId: operatorOrganizationId, details } as const;
  await audited(deps, by, event, () => deps.store.takeToken('operator_token', found.hash));
}

/** Finds a valid token by its id or its unique name. @throws RolebridgeError `not_found`, `request_invalid` */
export async function findOperatorToken(deps: Deps, idOrName: string): Promise<Token> {
  const tokens = await validTokens(deps);
  const byId = tokens.find((token) => operatorTokenIn(token).id === idOrName);
  if (byId) return byId;
  const [found, other] = tokens.filter((token) => operatorTokenIn(token).name === idOrName);
  const remedy = 'List them with "rolebridge operator-token list".';
  if (found === undefined)
    throw new RolebridgeError('not_found', 'There is no operator token with this id or name.', { remedy });
  if (other)
    throw new RolebridgeError('request_invalid', 'Several operator tokens have this name: use an id.', {
      remedy,
    });
  return found;
}

const useMarkMs = 5 * 60_000;
const useMarksOf = perService(({ store, clock }: Deps) =>
  createUsageRecorder<{ id: string; lastUsedAt?: string | undefined; token: Token }>(
    clock,
    useMarkMs,
    async ({ token }, lastUsedAt) => {
      await store.replaceToken(token, { ...token, data: { ...token.data, lastUsedAt } });
    },
  ),
);

/** The owner of a token: the setting's, or a created one, unless it expired or was revoked. */
export async function operatorOf(
  deps: Deps,
  settingHash: string | undefined,
  text: string,
): Promise<Operator | undefined> {
  const hashed = hashOperatorToken(text);
  if (settingHash !== undefined && timingSafeEqual(Buffer.from(hashed), Buffer.from(settingHash)))
    return { permissions: operatorPermissions };
  return isOperatorTokenText(text) ? operatorWithHash(deps, hashed) : undefined;
}

/** The token with this hash, unless it expired or was revoked; marks its use. */
export async function operatorWithHash(deps: Deps, tokenHash: string): Promise<Operator | undefined> {
  const token = await deps.store.token('operator_token', tokenHash);
  if (token === undefined || Date.parse(token.expiresAt) <= deps.clock.now()) return undefined;
  const { lastUsedAt, ...operator } = operatorTokenIn(token);
  useMarksOf(deps)({ id: tokenHash, lastUsedAt, token });
  return operator;
}

/** The vendor's own rows belong to an organization that is in no list. */
export async function createOperatorOrganization({ store, clock }: Deps): Promise<void> {
  if (await store.organization(operatorOrganizationId)) return;
  await store
    .createOrganization({ id: operatorOrganizationId, name: 'operator', createdAt: isoNow(clock) })
    .catch(async (error: unknown) => {
      // Another process created it first.
      if ((await store.organization(operatorOrganizationId)) === undefined) throw error;
    });
}

export const operatorTokenIn = ({ data }: Token): OperatorTokenData => operatorTokenData.parse(data);

function shown(token: Token): OperatorToken {
  const { createdAt, expiresAt } = token;
  return { ...operatorTokenIn(token), createdAt, ...(expiresAt !== never && { expiresAt }) };
}
