/**
 * What each code means, how to see it and how to fix it: the text of `docs/troubleshooting.md` and of the page that the
 * `type` of a problem links to. A code without an entry does not compile.
 */
import { type ErrorCode, errorCodes } from '../domain/errors.js';
import { aboutAccessKeys } from './about-access-keys.js';
import { aboutRequests } from './about-requests.js';
import { aboutRoles } from './about-roles.js';
import type { Explanation } from './explanation.js';

export type { Explanation } from './explanation.js';

export const explanations: Readonly<Record<ErrorCode, Explanation>> = {
  ...aboutRoles,
  ...aboutAccessKeys,
  ...aboutRequests,
};

export const isErrorCode = (text: string): text is ErrorCode =>
  (errorCodes as readonly string[]).includes(text);
