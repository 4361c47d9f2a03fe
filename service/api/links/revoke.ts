import { revokeSignInLink as revoke } from '../../actions/sign-in-link.js';
import { defineOperation } from '../operation.js';
import { ofLinks } from './shared.js';

export const revokeSignInLink = defineOperation({
  method: 'delete',
  path: '/v1/sign-in-links/{id}',
  ...ofLinks,
  summary: 'Revokes a sign-in link at once, and signs its person out.',
  answer: { status: 204, description: 'The link is revoked.' },
  errors: ['not_found'],
  examples: { unknown: { path: { id: 'lnk_aaaaaaaaaaaaaaaa' }, returns: 'not_found' } },
  handler: ({ deps, by, caller, params }) => revoke(deps, by, caller, params.id),
});
