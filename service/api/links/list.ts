import { z } from 'zod';
import { listSignInLinks as list } from '../../actions/sign-in-link.js';
import { defineOperation } from '../operation.js';
import { signInLink } from './answer.js';

export const listSignInLinks = defineOperation({
  method: 'get',
  path: '/v1/sign-in-links',
  tag: 'Sign-in links',
  summary: 'Lists the sign-in links that have not expired, newest first, without their URLs.',
  auth: 'organization',
  permission: 'links:write',
  answer: { status: 200, description: 'The links.', schema: z.object({ signInLinks: z.array(signInLink) }) },
  errors: [],
  examples: { all: { returns: 200 } },
  handler: async ({ deps, caller }) => ({ signInLinks: await list(deps, caller) }),
});
