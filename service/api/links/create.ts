import { z } from 'zod';
import { createSignInLink as create } from '../../actions/sign-in-link.js';
import { connectionId } from '../../domain/ids.js';
import { access } from '../../domain/sign-in-link.js';
import * as example from '../example-values.js';
import { defineOperation } from '../operation.js';
import { name } from '../schemas.js';
import { ofLinks, signInLink } from './answer.js';

const visibleAscii = /^[\x21-\x7e]+$/;

/** Seconds that the link works for: 30 days at most. The page that it leads to is the connection's, or the list. */
const signInLinkRequest = z.strictObject({
  expiresInSeconds: z.int().min(60).max(2_592_000).optional(),
  connectionId: connectionId.optional().meta({ description: 'The only connection that it opens.' }),
  access: access.optional().meta({
    description:
      'Access of the person: `read`; `connect` and check roles; `manage` all but bind another account. Never more than the key that creates the link. By default `connect` for one connection, else `manage`.',
  }),
  user: z
    .strictObject({
      id: z.string().min(1).max(128).regex(visibleAscii, 'must be visible ASCII').optional(),
      name,
      email: z.email().max(254).optional(),
    })
    .optional()
    .meta({
      description:
        'The person that you create it for. It is shown and recorded as "link for NAME", unverified.',
    }),
  // zod's url() trims: white space is refused before.
  returnUrl: z.string().max(2000).regex(visibleAscii, 'must be visible ASCII').pipe(z.url()).optional().meta({
    description: 'Where the page leads back to: an address below one of the brand\u2019s `returnUrls`.',
  }),
});

export const createSignInLink = defineOperation({
  method: 'post',
  path: '/v1/sign-in-links',
  ...ofLinks,
  summary: 'Creates a URL that signs one person in, for the organization or only one connection.',
  description:
    'The first browser that uses it is the only one from then on. It ends with the API key that creates it.',
  body: signInLinkRequest,
  answer: {
    status: 201,
    description: 'The URL, which no other answer contains.',
    schema: signInLink.extend({
      url: z.string().meta({ description: 'Signs in one browser. In no other answer.' }),
    }),
  },
  errors: ['connection_not_found', 'quota_exceeded'],
  examples: {
    aQuarterOfAnHour: { body: {}, returns: 201 },
    toAConnection: {
      body: {
        expiresInSeconds: 86_400,
        connectionId: example.connectionId,
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
