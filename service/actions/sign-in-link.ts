import { hash, randomBytes } from 'node:crypto';
import { isValid } from '../domain/api-key.js';
import type { Requester } from '../domain/audit.js';
import { invalidRequest, RolebridgeError } from '../domain/errors.js';
import { newSignInLinkId, type OrganizationId } from '../domain/ids.js';
import { denied } from '../domain/permission.js';
import type { Token } from '../domain/ports.js';
import { type Access, defaultAccess, type LinkData, linkAuthority, linkIn } from '../domain/sign-in-link.js';
import { type KeyMaker, visibleKeys } from './api-keys.js';
import { audited, recordOutcome } from './audited.js';
import { type Dependencies, isoNow } from './dependencies.js';
import { findConnection } from './find-connection.js';
import { newestOf } from './newest-of.js';
import { encryptPerson, openPerson, type Person } from './persons.js';
import { withinQuota } from './require-quota.js';

type Links = Pick<Dependencies, 'store' | 'clock' | 'encryption' | 'publicUrl' | 'quotas' | 'vendor'>;

export type NewLink = Pick<LinkData, 'connectionId' | 'returnUrl'> & {
  readonly access?: Access | undefined;
  readonly expiresInSeconds?: number | undefined;
  readonly user?: Person | undefined;
};

/** A link as its maker sees it. */
export interface ShownLink
  extends Pick<LinkData, 'id' | 'access' | 'connectionId' | 'returnUrl' | 'usedAt' | 'revokedAt'> {
  readonly user?: Person | undefined;
  readonly createdAt: string;
  readonly expiresAt: string;
}

/** The default validity of a link: enough to arrive by mail and be opened. */
const usualSeconds = 15 * 60;
/** The longest session. A revoked link is kept this long, to end its sessions. */
const longestSessionMs = 12 * 3_600_000;

/**
 * Creates a URL that signs one person in, with one browser. It ends with the API key that created it; no later answer
 * contains the URL.
 * @throws RolebridgeError `connection_not_found`, `permission_denied`, `request_invalid`
 */
export async function createSignInLink(
  deps: Links,
  by: Requester,
  maker: KeyMaker,
  { expiresInSeconds = usualSeconds, connectionId, user, returnUrl, ...wanted }: NewLink,
): Promise<ShownLink & { url: string }> {
  const { organizationId } = maker;
  if (connectionId !== undefined) await findConnection(deps.store, maker, connectionId);
  const access = wanted.access ?? defaultAccess(maker.authority, connectionId);
  const authority = linkAuthority(maker.authority, access);
  if (returnUrl !== undefined && !deps.vendor.isReturnUrl(returnUrl))
    throw invalidRequest(
      'body.returnUrl',
      'is not on the list of return URLs',
      'Add it to "returnUrls" in the brand file, or name one that is there.',
    );
  const now = deps.clock.now();
  const expiresAt = new Date(now + expiresInSeconds * 1000).toISOString();
  if (authority.expiresAt !== undefined && Date.parse(expiresAt) > Date.parse(authority.expiresAt))
    throw denied(`This API key expires at ${authority.expiresAt}, and so does every link created with it.`);
  const secret = randomBytes(32).toString('base64url');
  const token: Token = {
    kind: 'sign_in_link',
    hash: hash('sha256', secret),
    organizationId,
    createdAt: new Date(now).toISOString(),
    expiresAt,
    data: {
      id: newSignInLinkId(),
      access,
      authority,
      ...(maker.key && { apiKeyId: maker.key.id }),
      ...(maker.linkHash !== undefined && { parentHash: maker.linkHash }),
      ...(connectionId && { connectionId }),
      ...(returnUrl !== undefined && { returnUrl }),
      ...(user && { person: await encryptPerson(deps, organizationId, user) }),
    },
  };
  const details = { linkId: linkIn(token).id, access, expiresAt };
  const event = { action: 'sign_in_link.create', organizationId, connectionId, details } as const;
  await withinQuota(deps, organizationId, ['signInLinks'], (quotas) =>
    audited(deps, by, event, () => deps.store.saveToken(token, quotas)),
  );
  // A concurrent revocation of the parent may have missed this link.
  if (!(await isGranted(deps, organizationId, linkIn(token)))) {
    await deps.store.takeToken('sign_in_link', token.hash);
    throw denied('The link or API key that this one is created with was revoked.');
  }
  return { ...(await shownLink(deps, token)), url: `${deps.publicUrl}/sign-in/link?token=${secret}` };
}

async function shownLink(deps: Pick<Links, 'encryption' | 'store'>, token: Token): Promise<ShownLink> {
  const { id, access, connectionId, returnUrl, person, usedAt, revokedAt } = linkIn(token);
  const { createdAt, expiresAt } = token;
  const user = person === undefined ? undefined : await openPerson(deps, token.organizationId, person);
  return { id, access, connectionId, returnUrl, user, createdAt, expiresAt, usedAt, revokedAt };
}

/** The links that a caller may see and revoke, those that expired left out. */
async function linksOf({ store, clock }: Pick<Links, 'store' | 'clock'>, maker: KeyMaker): Promise<Token[]> {
  const keys = new Set((await visibleKeys(store, maker)).map(({ id }) => id));
  const isAll = maker.key?.parentId === undefined;
  return (await store.tokensOf(maker.organizationId, 'sign_in_link')).filter((token) => {
    const { apiKeyId } = linkIn(token);
    const isCurrent = Date.parse(token.expiresAt) > clock.now();
    return isCurrent && (isAll || (apiKeyId !== undefined && keys.has(apiKeyId)));
  });
}

/** Lists links, newest first. `before` is the {@link placeOf} of the last link of the previous page, which may have expired. */
export async function listSignInLinks(
  deps: Links,
  maker: KeyMaker,
  page: { limit: number; before?: string | undefined },
): Promise<{ signInLinks: ShownLink[]; next: string | undefined }> {
  const { items, next } = newestOf(await linksOf(deps, maker), placeOf, page);
  return { signInLinks: await Promise.all(items.map((token) => shownLink(deps, token))), next };
}

/** The sort key of a link in the list. */
const placeOf = (token: Token): string => `${token.createdAt}~${linkIn(token).id}`;

/** Revokes a link with its sessions and the links created in them. @throws RolebridgeError `not_found` */
export async function revokeSignInLink(
  deps: Links,
  by: Requester,
  maker: KeyMaker,
  id: string,
): Promise<void> {
  const { organizationId } = maker;
  const token = (await linksOf(deps, maker)).find((one) => linkIn(one).id === id);
  if (token === undefined)
    throw new RolebridgeError('not_found', 'There is no sign-in link with that id that you may revoke.', {
      remedy: 'List the links with GET /v1/sign-in-links and use one of their ids.',
    });
  const { connectionId } = linkIn(token);
  const details = { linkId: id };
  const event = { action: 'sign_in_link.revoke', organizationId, connectionId, details } as const;
  await audited(deps, by, event, () => revokeWithChildren(deps, token));
}

async function revokeWithChildren(deps: Links, token: Token): Promise<void> {
  const expiresAt = new Date(deps.clock.now() + longestSessionMs).toISOString();
  const data = { ...token.data, revokedAt: isoNow(deps.clock) };
  await deps.store.saveToken({ ...token, expiresAt, data });
  for (const link of await deps.store.tokensOf(token.organizationId, 'sign_in_link'))
    if (linkIn(link).parentHash === token.hash && linkIn(link).revokedAt === undefined)
      await revokeWithChildren(deps, link);
}

/**
 * Signs a browser in. The first one that uses the link is the only one from then on.
 * @throws RolebridgeError `sign_in_link_invalid`: another browser used it, it has expired, was revoked, or never was
 */
export async function takeSignInLink(
  deps: Pick<Links, 'store' | 'clock'>,
  by: Requester,
  secret: string,
  browserSecret: string,
): Promise<Token> {
  const browser = hash('sha256', browserSecret);
  const token = await deps.store.token('sign_in_link', hash('sha256', secret));
  const link = token && linkIn(token);
  const isGood =
    token !== undefined &&
    link !== undefined &&
    link.revokedAt === undefined &&
    Date.parse(token.expiresAt) > deps.clock.now() &&
    (await isGranted(deps, token.organizationId, link));
  if (isGood && link.browser === browser) return token;
  const bound: Token | undefined = isGood
    ? { ...token, data: { ...token.data, browser, usedAt: isoNow(deps.clock) } }
    : undefined;
  if (token && bound && link?.browser === undefined) {
    if (await deps.store.replaceToken(token, bound)) return bound;
    // A form that was sent twice: the other request of this browser bound the link.
    const winner = await deps.store.token('sign_in_link', token.hash);
    if (winner && linkIn(winner).browser === browser && linkIn(winner).revokedAt === undefined) return winner;
  }
  const error = new RolebridgeError('sign_in_link_invalid', 'This link was used already, or has expired.', {
    remedy: 'Ask the person who sent it for a new one, or sign in with an API key.',
  });
  // A link that another browser holds may have been forwarded, or stolen.
  if (token && link)
    await recordOutcome(
      deps,
      by,
      { action: 'web_session.begin', organizationId: token.organizationId, details: { linkId: link.id } },
      error,
    );
  throw error;
}

/** Whether the key and the link that created this link are still valid. */
export async function isGranted(
  { store, clock }: Pick<Links, 'store' | 'clock'>,
  organizationId: OrganizationId,
  { apiKeyId, parentHash }: Pick<LinkData, 'apiKeyId' | 'parentHash'>,
): Promise<boolean> {
  const parent = parentHash === undefined ? undefined : await store.token('sign_in_link', parentHash);
  // An expired parent is deleted, and does not end this link, which expires later.
  if (parent) {
    const link = linkIn(parent);
    if (link.revokedAt !== undefined) return false;
    // A crash may have interrupted the revocation between an ancestor and this link.
    if (!(await isGranted({ store, clock }, organizationId, link))) return false;
  }
  if (apiKeyId === undefined) return true;
  const key = await store.apiKey(apiKeyId);
  return key?.organizationId === organizationId && isValid(key, clock.now());
}
