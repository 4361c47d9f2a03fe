import { z } from 'zod';
import { listSignInLinks as list } from '../../actions/sign-in-link.js';
import { defineOperation } from '../operation.js';
import { limit, nextBefore } from '../schemas.js';
import { ofLinks, signInLink } from './shared.js';

const query = z.strictObject({
  limit,
  before: z
    .string()
    .regex(/^[0-9T:.Z-]{24}~lnk_[a-z2-7]{16}$/, 'must be the `next` of the previous page')
    .optional(),
});
const signInLinkList = z.object({ signInLinks: z.array(signInLink), next: nextBefore });

export const listSignInLinks = defineOperation({
  method: 'get',
  path: '/v1/sign-in-links',
  ...ofLinks,
  summary: 'Lists sign-in links that have not expired, newest first, without their URLs.',
  description: 'Returns a page at a time.',
  query,
  answer: { status: 200, description: 'A page of links.', schema: signInLinkList },
  examples: {
    all: { returns: 200 },
    few: { query: { limit: '1' }, returns: 200 },
    notANext: { query: { before: 'x' }, returns: 'request_invalid' },
  },
  handler: ({ deps, caller, query }) => list(deps, caller, query),
});
