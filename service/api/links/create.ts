import { createSignInLink as create } from '../../actions/sign-in-link.js';
import * as answers from '../answers.js';
import { connectionId } from '../example-values.js';
import { defineOperation } from '../operation.js';
import { signInLinkRequest } from '../schemas.js';

export const createSignInLink = defineOperation({
  method: 'post',
  path: '/v1/sign-in-links',
  tag: 'Sign-in links',
  summary: 'Creates a URL that signs in to the site once, for a platform that embeds it.',
  auth: 'organization',
  permission: 'links:write',
  body: signInLinkRequest,
  answer: {
    status: 201,
    description: 'The URL, which no other answer contains.',
    schema: answers.signInLink,
  },
  errors: ['connection_not_found'],
  examples: {
    aQuarterOfAnHour: { body: {}, returns: 201 },
    toAConnection: { body: { expiresInSeconds: 600, connectionId }, returns: 201 },
    tooLong: { body: { expiresInSeconds: 86_401 }, returns: 'request_invalid' },
  },
  handler: ({ deps, by, caller, body }) => create(deps, by, caller, body),
});
