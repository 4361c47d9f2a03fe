import { person } from '../../actions/persons.js';
import { linkData } from '../../domain/sign-in-link.js';
import { isoTime } from '../../domain/verification.js';

/** Without the URL. */
export const signInLink = linkData
  .pick({ id: true, access: true, connectionId: true, returnUrl: true, usedAt: true, revokedAt: true })
  .extend({ user: person.optional(), createdAt: isoTime, expiresAt: isoTime })
  .meta({ id: 'SignInLink' });
