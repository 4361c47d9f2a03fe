import { listSignInLinks as list } from '../../actions/sign-in-link.js';
import * as answers from '../answers.js';
import { defineOperation } from '../operation.js';

export const listSignInLinks = defineOperation({
  method: 'get',
  path: '/v1/sign-in-links',
  tag: 'Sign-in links',
  summary: 'Lists the sign-in links that have not expired, newest first, without their URLs.',
  auth: 'organization',
  permission: 'links:write',
  answer: { status: 200, description: 'The links.', schema: answers.signInLinkList },
  errors: [],
  examples: { all: { returns: 200 } },
  handler: async ({ deps, caller }) => ({ signInLinks: await list(deps, caller) }),
});
