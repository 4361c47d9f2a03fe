import { createHash, randomBytes } from 'node:crypto';
import type { Request, Response } from 'express';
import { z } from 'zod';
import { recordOutcome } from '../../actions/audited.js';
import type { Dependencies } from '../../actions/dependencies.js';
import { createOperatorOrganization, operatorWithHash } from '../../actions/operator-tokens.js';
import { type Operator, operatorActor, operatorPermissions } from '../../domain/operator.js';
import { operatorOrganizationId } from '../../domain/organization.js';
import { cookiesOf, hashOf, isSame, longestMs } from '../session.js';

/** The operator's session expires after this inactivity, and in any case after {@link longestMs}. */
const idleMs = 30 * 60_000;

export interface OperatorSession {
  readonly csrfToken: string;
  readonly operator: Operator;
}

const cookieValue = z.object({
  secret: z.string(),
  tokenHash: z.string(),
  startedAt: z.number(),
  expiresAt: z.number(),
});
type CookieValue = z.infer<typeof cookieValue>;

/**
 * Sessions of the vendor's staff. The cookie holds all of it, encrypted with the service keys: it ends with the token
 * that opened it, and any process can read it. The store has only the sessions that were signed out, until they would
 * have expired, so that no copy of their cookie works.
 */
export function createOperatorSessions(
  deps: Pick<Dependencies, 'encryption' | 'clock' | 'publicUrl' | 'store'>,
  settingHash: string | undefined,
) {
  const { encryption, clock, publicUrl } = deps;
  const isSecure = publicUrl.startsWith('https:');
  const path = `${new URL(publicUrl).pathname.replace(/\/$/, '')}/operator`;
  const cookieName = `${isSecure ? '__Secure-' : ''}operator`;
  const options = { httpOnly: true, sameSite: 'strict', secure: isSecure, path } as const;
  const context = 'operator-session';

  const give = (response: Response, session: Omit<CookieValue, 'expiresAt'>): void => {
    const expiresAt = Math.min(clock.now() + idleMs, session.startedAt + longestMs);
    const text = encryption.encrypt(JSON.stringify({ ...session, expiresAt }), context);
    response.cookie(cookieName, Buffer.from(text).toString('base64url'), options);
  };

  function read(request: Request): CookieValue | undefined {
    const text = cookiesOf(request).get(cookieName);
    if (text === undefined) return undefined;
    try {
      const opened = encryption.open(Buffer.from(text, 'base64url').toString(), context);
      return cookieValue.parse(JSON.parse(opened));
    } catch {
      return undefined;
    }
  }

  return {
    /** Opens a session that lasts no longer than the token with this hash. */
    begin: (response: Response, tokenHash: string): void =>
      give(response, {
        secret: randomBytes(32).toString('base64url'),
        tokenHash,
        startedAt: clock.now(),
      }),
    /** Finds the session of the request, and extends it. */
    async find(request: Request, response: Response): Promise<OperatorSession | undefined> {
      const found = read(request);
      if (found === undefined || found.expiresAt <= clock.now()) return undefined;
      if (await deps.store.token('ended_operator_session', hashOf(found.secret))) return undefined;
      const operator = isSame(settingHash, found.tokenHash)
        ? { permissions: operatorPermissions }
        : await operatorWithHash(deps, found.tokenHash);
      if (operator === undefined) return undefined;
      if (request.headers['x-rolebridge-live'] === undefined) give(response, found);
      const csrfToken = createHash('sha256').update(`form:${found.secret}`).digest('base64url');
      return { csrfToken, operator };
    },
    /** Signs out every copy of the cookie. */
    async end(request: Request, response: Response, { operator }: OperatorSession): Promise<void> {
      const found = read(request);
      if (found) await storeEnd(deps, found);
      await recordEnd(deps, operator, response.locals.requestId);
      response.clearCookie(cookieName, options);
    },
  };
}

async function storeEnd(
  { store, clock }: Pick<Dependencies, 'store' | 'clock'>,
  { secret, startedAt }: CookieValue,
): Promise<void> {
  await createOperatorOrganization({ store, clock });
  await store.saveToken({
    kind: 'ended_operator_session',
    hash: hashOf(secret),
    organizationId: operatorOrganizationId,
    createdAt: new Date(clock.now()).toISOString(),
    expiresAt: new Date(startedAt + longestMs).toISOString(),
    data: {},
  });
}

/** The token of the settings has no record, so its sessions are not audited. */
async function recordEnd(
  deps: Pick<Dependencies, 'store' | 'clock'>,
  operator: Operator,
  requestId: string,
): Promise<void> {
  if (operator.id === undefined) return;
  const event = { action: 'web_session.end', organizationId: operatorOrganizationId } as const;
  await recordOutcome(deps, { actor: operatorActor(operator), requestId }, event);
}
