import { hash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Request, Response } from 'express';
import { recordOutcome } from '../actions/audited.js';
import type { Dependencies } from '../actions/dependencies.js';
import { openPerson, type Person } from '../actions/persons.js';
import { withinQuota } from '../actions/require-quota.js';
import { isGranted } from '../actions/sign-in-link.js';
import { type ApiKey, isValid } from '../domain/api-key.js';
import type { Requester } from '../domain/audit.js';
import { type ConnectionId, isApiKeyId, type OrganizationId } from '../domain/ids.js';
import type { Authority } from '../domain/permission.js';
import type { Token } from '../domain/ports.js';
import { type Access, accessOf, linkIn } from '../domain/sign-in-link.js';
import { isLanguage, type Language } from './texts/index.js';

/** Sessions expire after this inactivity, and in any case after the longest time. */
export const idleMs = 30 * 60_000;
export const longestMs = 12 * 3_600_000;
/** The shortest time between two writes of a session in use. */
const touchMs = 60_000;
/** The longest lifetime of a link. */
const browserMs = 30 * 86_400_000;

/** A person who is signed in with a browser. */
export interface WebSession {
  /** The id for the audit log; no secret. */
  readonly id: string;
  readonly organizationId: OrganizationId;
  readonly authority: Authority;
  readonly access: Access;
  /** The API key that it, or its link, was opened with; absent for a link of the operator. */
  readonly key?: ApiKey | undefined;
  /** The hash of the link that opened it. */
  readonly linkHash?: string | undefined;
  /** The only connection that its link opens. */
  readonly connectionId?: ConnectionId | undefined;
  /** The token in every form, so that no other site can send one. */
  readonly csrfToken: string;
  /** The person of the link, as stated by its sender. */
  readonly user?: Person | undefined;
  /** The person, encrypted, for the audit log. */
  readonly person?: string | undefined;
  /** The target of "Back", one of the vendor's return URLs. */
  readonly returnUrl?: string | undefined;
  /** The link's settings, for all pages of the session. */
  readonly look: Look;
}

/** How pages of one session look; the browser decides omitted ones. */
export interface Look {
  readonly language?: Language | undefined;
  readonly theme?: 'light' | 'dark' | undefined;
}

/** The credential of a session: when it ends, so does the session. */
type Owner = { readonly key: ApiKey } | { readonly link: Token };

export type Sessions = ReturnType<typeof createSessions>;

/**
 * Sessions in cookies. A cookie holds a random secret, and the store its hash. Embedded pages use a separate partitioned
 * cookie (CHIPS), so that a session can't track a person across sites.
 * https://developer.mozilla.org/docs/Web/Privacy/Guides/Privacy_sandbox/Partitioned_cookies
 */
export function createSessions(
  deps: Pick<Dependencies, 'store' | 'clock' | 'publicUrl' | 'encryption' | 'quotas'>,
  { isEmbedded = false } = {},
) {
  const isLoopback = /^https?:\/\/(localhost|127\.\d+\.\d+\.\d+|\[::1\])(:|\/|$)/.test(deps.publicUrl);
  const path = new URL(deps.publicUrl).pathname;
  // __Host- requires TLS and forbids subdomains; below a path, __Secure- and the path do the same.
  const prefix = isLoopback ? '' : path === '/' ? '__Host-' : '__Secure-';
  const cookieName = `${prefix}${isEmbedded ? 'rolebridge-embedded' : 'rolebridge'}`;
  const cookieOptions = {
    httpOnly: true,
    path,
    ...(isEmbedded
      ? ({ sameSite: 'none', secure: true, partitioned: true } as const)
      : ({ sameSite: 'lax', secure: !isLoopback } as const)),
  };
  const secretIn = (request: Request) => cookieOf(request, cookieName);

  return {
    /** Opens a new session and gives its cookie; the one that the browser had before ends. */
    async begin(
      request: Request,
      response: Response,
      { look = {}, ...owner }: Owner & { look?: Look },
    ): Promise<void> {
      const before = secretIn(request);
      if (before !== undefined) await deps.store.takeToken('web_session', hashOf(before));
      const now = deps.clock.now();
      await deps.store.deleteExpiredTokens(isoTime(now));
      const secret = randomBytes(32).toString('base64url');
      const id = `ses_${randomBytes(12).toString('hex')}`;
      const person = 'link' in owner ? linkIn(owner.link).person : undefined;
      const { organizationId } = 'link' in owner ? owner.link : owner.key;
      const openedWith =
        'link' in owner
          ? { linkId: linkIn(owner.link).id, access: linkIn(owner.link).access }
          : { keyId: owner.key.id };
      const token: Token = {
        kind: 'web_session',
        hash: hashOf(secret),
        organizationId,
        createdAt: isoTime(now),
        expiresAt: isoTime(now + idleMs),
        data: {
          id,
          look,
          ...('link' in owner
            ? { link: owner.link.data, linkHash: owner.link.hash }
            : { apiKeyId: owner.key.id }),
        },
      };
      const event = { action: 'web_session.begin', organizationId, details: openedWith } as const;
      await withinQuota(deps, organizationId, ['webSessions'], async (quotas) => {
        await recordOutcome(deps, requesterOf({ id, person }, response), event);
        await deps.store.saveToken(token, quotas);
      });
      response.cookie(cookieName, secret, cookieOptions);
    },

    /** The session of the request, unless it has ended. */
    async find(request: Request): Promise<WebSession | undefined> {
      const secret = secretIn(request);
      if (secret === undefined) return undefined;
      const token = await deps.store.token('web_session', hashOf(secret));
      const now = deps.clock.now();
      if (token === undefined || Date.parse(token.expiresAt) <= now) return undefined;
      const session = await openedSession(deps, token, secret);
      if (session === undefined) return undefined;
      const ends = Math.min(now + idleMs, Date.parse(token.createdAt) + longestMs);
      // Live updates of an open page are no activity.
      const isUse = request.headers['x-rolebridge-live'] === undefined;
      if (isUse && ends - Date.parse(token.expiresAt) >= touchMs) {
        const isProlonged = await deps.store.replaceToken(token, { ...token, expiresAt: isoTime(ends) });
        // Signed out in the meantime, or prolonged by another request.
        if (!isProlonged && !(await deps.store.token('web_session', token.hash))) return undefined;
      }
      return session;
    },

    async end(request: Request, response: Response, session: WebSession): Promise<void> {
      const secret = secretIn(request);
      if (secret !== undefined) await deps.store.takeToken('web_session', hashOf(secret));
      await recordOutcome(deps, requesterOf(session, response), {
        action: 'web_session.end',
        organizationId: session.organizationId,
      });
      response.clearCookie(cookieName, cookieOptions);
    },

    /** Identifies this browser for 30 days: only the first browser that uses a sign-in link can use it again. */
    browserSecret(request: Request, response: Response): string {
      const name = `${cookieName}-browser`;
      const known = cookieOf(request, name);
      const text = known ?? randomBytes(32).toString('base64url');
      response.cookie(name, text, { ...cookieOptions, maxAge: browserMs });
      return text;
    },

    /** The token of forms before sign-in: the same text in a cookie and in the form. */
    formToken(request: Request, response: Response): string {
      const known = cookieOf(request, `${cookieName}-form`);
      const text = known ?? randomBytes(32).toString('base64url');
      if (known === undefined) response.cookie(`${cookieName}-form`, text, cookieOptions);
      return text;
    },
    hasFormToken: (request: Request, text: unknown): boolean =>
      isSame(cookieOf(request, `${cookieName}-form`), text),
  };
}

/** The actor, for the audit log. */
export const requesterOf = (
  { id, person }: Pick<WebSession, 'id' | 'person'>,
  response: Response,
): Requester => ({
  actor: { kind: 'web_session', id, ...(person !== undefined && { person }) },
  requestId: response.locals.requestId,
});

/** Compares in constant time. */
export function isSame(expected: string | undefined, given: unknown): boolean {
  if (expected === undefined || typeof given !== 'string' || given === '') return false;
  return timingSafeEqual(hash('sha256', expected, 'buffer'), hash('sha256', given, 'buffer'));
}

export const hashOf = (secret: string): string => hash('sha256', secret);

const isoTime = (ms: number): string => new Date(ms).toISOString();

/** The cookies of a request by name. */
export const cookiesOf = (request: Request): Map<string, string> =>
  new Map(
    (request.headers.cookie ?? '').split(';').map((part) => {
      const [name = '', value = ''] = part.trim().split('=', 2);
      return [name, value];
    }),
  );

function cookieOf(request: Request, name: string): string | undefined {
  const value = cookiesOf(request).get(name);
  return value && /^[A-Za-z0-9_-]{43}$/.test(value) ? value : undefined;
}

/** The session of a cookie, unless its credential has ended. */
async function openedSession(
  deps: Pick<Dependencies, 'store' | 'clock' | 'encryption'>,
  { organizationId, data }: Token,
  secret: string,
): Promise<WebSession | undefined> {
  const { id, apiKeyId, look, link, linkHash } = data;
  if (typeof id !== 'string') return undefined;
  const common = { id, organizationId, csrfToken: csrfTokenOf(secret), look: lookOf(look) };
  if (typeof linkHash === 'string') {
    const { access, authority, connectionId, returnUrl, person, ...made } = linkIn({
      data: link as Token['data'],
    });
    const token = await deps.store.token('sign_in_link', linkHash);
    if (token && linkIn(token).revokedAt !== undefined) return undefined;
    if (!(await isGranted(deps, organizationId, made))) return undefined;
    const user = person === undefined ? undefined : await openPerson(deps, organizationId, person);
    const key = made.apiKeyId && (await deps.store.apiKey(made.apiKeyId));
    return { ...common, access, authority, key, linkHash, connectionId, returnUrl, person, user };
  }
  const key =
    typeof apiKeyId === 'string' && isApiKeyId(apiKeyId) ? await deps.store.apiKey(apiKeyId) : undefined;
  if (key?.organizationId !== organizationId || !isValid(key, deps.clock.now())) return undefined;
  return { ...common, access: accessOf(key), authority: key, key };
}

/** Reads the settings of a link, a form or the store; anything else counts as left out. */
export function lookOf(given: unknown): Look {
  const { language, theme } = (given ?? {}) as Record<string, unknown>;
  return {
    ...(typeof language === 'string' && isLanguage(language) && { language }),
    ...((theme === 'light' || theme === 'dark') && { theme }),
  };
}

/** Derived from the cookie's secret, one way; nothing else is stored. */
const csrfTokenOf = (secret: string): string => hash('sha256', `form:${secret}`, 'base64url');
