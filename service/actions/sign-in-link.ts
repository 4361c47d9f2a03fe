import { hash, randomBytes } from 'node:crypto';
import type { Requester } from '../domain/audit.js';
import { RolebridgeError } from '../domain/errors.js';
import {
  type ApiKeyId,
  type ConnectionId,
  isApiKeyId,
  isConnectionId,
  type OrganizationId,
} from '../domain/ids.js';
import { denied } from '../domain/permission.js';
import type { Clock, Store } from '../domain/ports.js';
import type { KeyMaker } from './api-keys.js';
import { audited } from './audited.js';
import { findConnection } from './find-connection.js';

type Links = { readonly store: Store; readonly clock: Clock; readonly publicUrl: string };

/** Long enough to come by mail, short enough not to lie about. */
const usualSeconds = 15 * 60;

/**
 * Makes an address that signs in once, for a platform that embeds the page. It ends with the API key that made it, and
 * is in no later answer.
 * @throws RolebridgeError `connection_not_found`
 */
export async function createSignInLink(
  deps: Links,
  by: Requester,
  { organizationId, authority, key }: KeyMaker,
  {
    expiresInSeconds = usualSeconds,
    connectionId,
  }: { expiresInSeconds?: number | undefined; connectionId?: ConnectionId | undefined },
): Promise<{ url: string; expiresAt: string }> {
  if (key === undefined) throw denied('Sign-in links are created with an API key.');
  if (connectionId !== undefined)
    await findConnection(deps.store, { organizationId, authority }, connectionId);
  const secret = randomBytes(32).toString('base64url');
  const now = deps.clock.now();
  const expiresAt = new Date(now + expiresInSeconds * 1000).toISOString();
  const event = { action: 'sign_in_link.create', organizationId, connectionId } as const;
  await audited(deps, by, event, () =>
    deps.store.saveToken({
      kind: 'sign_in_link',
      hash: hash('sha256', secret),
      organizationId,
      createdAt: new Date(now).toISOString(),
      expiresAt,
      data: { apiKeyId: key.id, ...(connectionId && { connectionId }) },
    }),
  );
  return { url: `${deps.publicUrl}/sign-in/link?token=${secret}`, expiresAt };
}

/** Uses a link up. @throws RolebridgeError `sign_in_link_invalid`: it was used, has expired, or never was */
export async function takeSignInLink(
  { store, clock }: Pick<Links, 'store' | 'clock'>,
  secret: string,
): Promise<{ organizationId: OrganizationId; apiKeyId: ApiKeyId; connectionId?: ConnectionId | undefined }> {
  const token = await store.takeToken('sign_in_link', hash('sha256', secret));
  const { apiKeyId, connectionId } = token?.data ?? {};
  if (
    token === undefined ||
    Date.parse(token.expiresAt) <= clock.now() ||
    typeof apiKeyId !== 'string' ||
    !isApiKeyId(apiKeyId) ||
    (await store.apiKey(apiKeyId))?.revokedAt !== undefined
  )
    throw new RolebridgeError('sign_in_link_invalid', 'This link was used already, or has expired.', {
      remedy: 'Ask whoever sent it for a new one, or sign in with an API key.',
    });
  return {
    organizationId: token.organizationId,
    apiKeyId,
    connectionId: typeof connectionId === 'string' && isConnectionId(connectionId) ? connectionId : undefined,
  };
}
