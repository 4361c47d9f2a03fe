import { z } from 'zod';
import { createSignInLink as create } from '../../actions/sign-in-link.js';
import { connectionId } from '../../domain/ids.js';
import { access } from '../../domain/sign-in-link.js';
import * as example from '../example-values.js';
import { defineOperation } from '../operation.js';
import { name } from '../schemas.js';
import { ofLinks, signInLink } from './shared.js';

const visibleAscii = /^[\x21-\x7e]+$/;

/** The link works for 30 days at most. It opens the page of its connection, or the list. */
const signInLinkRequest = z.strictObject({
  expiresInSeconds: z.int().min(60).max(2_592_000).optional(),
  connectionId: connectionId.optional().meta({ description: 'Limits the link to this connection.' }),
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
      description: 'The person who gets the link. Pages and audit log show "link for NAME", unverified.',
    }),
  // zod's url() trims white space, so it is refused first.
  returnUrl: z.string().max(2000).regex(visibleAscii, 'must be visible ASCII').pipe(z.url()).optional().meta({
    description: 'The address that the page links back to, below one of the `returnUrls` of the brand.',
  }),
});

export const createSignInLink = defineOperation({
  method: 'post',
  path: '/v1/sign-in-links',
  ...ofLinks,
  summary: 'Creates a URL that signs one person in, for the organization or only one connection.',
  description:
    'Only the first browser that opens it can use it. It is revoked with the API key that creates it.',
  body: signInLinkRequest,
  answer: {
    status: 201,
    description: 'The URL, shown only in this response.',
    schema: signInLink.extend({
      url: z.string().meta({ description: 'Signs in one browser. Shown only in this response.' }),
    }),
  },
  errors: ['connection_not_found'],
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
