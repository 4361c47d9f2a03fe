import { createSignInLink as create } from '../../actions/sign-in-link.js';
import * as answers from '../answers.js';
import { connectionId } from '../example-values.js';
import { defineOperation } from '../operation.js';
import { signInLinkRequest } from '../schemas.js';

export const createSignInLink = defineOperation({
  method: 'post',
  path: '/v1/sign-in-links',
  tag: 'Sign-in links',
  summary: 'Creates a URL that signs one person in, for the organization or only one connection.',
  description:
    'The first browser that uses it is the only one from then on. It ends with the API key that creates it.',
  auth: 'organization',
  permission: 'links:write',
  body: signInLinkRequest,
  answer: {
    status: 201,
    description: 'The URL, which no other answer contains.',
    schema: answers.createdSignInLink,
  },
  errors: ['connection_not_found', 'quota_exceeded'],
  examples: {
    aQuarterOfAnHour: { body: {}, returns: 201 },
    toAConnection: {
      body: {
        expiresInSeconds: 86_400,
        connectionId,
        access: 'connect',
        user: { id: 'u-117', name: 'Ana Ruiz', email: 'ana@example.com' },
      },
      returns: 201,
    },
    tooLong: { body: { expiresInSeconds: 2_592_001 }, returns: 'request_invalid' },
    notOnTheList: { body: { returnUrl: 'https://elsewhere.example/' }, returns: 'request_invalid' },
  },
  handler: ({ deps, by, caller, body }) => create(deps, by, caller, body),
});
