import { person } from '../../actions/persons.js';
import { linkData } from '../../domain/sign-in-link.js';
import { isoTime } from '../../domain/verification.js';

/** Common members of the operations in this folder. */
export const ofLinks = { tag: 'Sign-in links', auth: 'organization', permission: 'links:write' } as const;

/** A sign-in link as the API shows it, without its URL. */
export const signInLink = linkData
  .pick({ id: true, access: true, connectionId: true, returnUrl: true, usedAt: true, revokedAt: true })
  .extend({ user: person.optional(), createdAt: isoTime, expiresAt: isoTime })
  .meta({ id: 'SignInLink' });
