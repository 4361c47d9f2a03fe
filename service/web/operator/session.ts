import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Request, Response } from 'express';
import { z } from 'zod';
import type { Dependencies } from '../../actions/dependencies.js';
import { cookiesOf, isSame } from '../session.js';

/** The operator's session ends after this time without use. */
const idleMs = 30 * 60_000;

export interface OperatorSession {
  readonly csrfToken: string;
}

const cookieValue = z.object({
  secret: z.string(),
  tokenHash: z.string(),
  expiresAt: z.number(),
});

/**
 * Sessions of the vendor's staff. The cookie holds all of it, encrypted with the service keys: it ends with the token
 * that opened it, and any process can read it.
 */
export function createOperatorSessions(
  { encryption, clock, publicUrl }: Pick<Dependencies, 'encryption' | 'clock' | 'publicUrl'>,
  tokenHash: string | undefined,
) {
  const isSecure = publicUrl.startsWith('https:');
  const path = `${new URL(publicUrl).pathname.replace(/\/$/, '')}/operator`;
  const cookieName = `${isSecure ? '__Secure-' : ''}operator`;
  const options = { httpOnly: true, sameSite: 'strict', secure: isSecure, path } as const;
  const context = 'operator-session';

  const give = (response: Response, secret: string): void => {
    const expiresAt = clock.now() + idleMs;
    const text = encryption.encrypt(JSON.stringify({ secret, tokenHash, expiresAt }), context);
    response.cookie(cookieName, Buffer.from(text).toString('base64url'), options);
  };

  function read(request: Request): z.infer<typeof cookieValue> | undefined {
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
    /** Opens a session for a browser that sends the operator's token; false for any other text. */
    begin(response: Response, token: string): boolean {
      const hash = createHash('sha256').update(token).digest();
      if (tokenHash === undefined || !timingSafeEqual(hash, Buffer.from(tokenHash, 'hex'))) return false;
      give(response, randomBytes(32).toString('base64url'));
      return true;
    },
    /** The session of the request, which lasts on from now. */
    find(request: Request, response: Response): OperatorSession | undefined {
      const found = read(request);
      if (!found || tokenHash === undefined || !isSame(tokenHash, found.tokenHash)) return undefined;
      if (found.expiresAt <= clock.now()) return undefined;
      if (request.headers['x-rolebridge-live'] === undefined) give(response, found.secret);
      return { csrfToken: createHash('sha256').update(`form:${found.secret}`).digest('base64url') };
    },
    end: (response: Response): void => void response.clearCookie(cookieName, options),
  };
}
