import { listSignInLinks as list } from '../../actions/sign-in-link.js';
import * as answers from '../answers.js';
import { defineOperation } from '../operation.js';
import { signInLinksQuery } from '../schemas.js';

export const listSignInLinks = defineOperation({
  method: 'get',
  path: '/v1/sign-in-links',
  tag: 'Sign-in links',
  summary: 'Lists sign-in links that have not expired, a page at a time, newest first, without their URLs.',
  auth: 'organization',
  permission: 'links:write',
  query: signInLinksQuery,
  answer: { status: 200, description: 'A page of links.', schema: answers.signInLinkList },
  errors: [],
  examples: {
    all: { returns: 200 },
    few: { query: { limit: '1' }, returns: 200 },
    notANext: { query: { before: 'x' }, returns: 'request_invalid' },
  },
  handler: ({ deps, caller, query }) => list(deps, caller, query),
});
