import { revokeSignInLink as revoke } from '../../actions/sign-in-link.js';
import { defineOperation } from '../operation.js';

export const revokeSignInLink = defineOperation({
  method: 'delete',
  path: '/v1/sign-in-links/{id}',
  tag: 'Sign-in links',
  summary: 'Revokes a sign-in link at once, and signs its person out.',
  auth: 'organization',
  permission: 'links:write',
  answer: { status: 204, description: 'The link is revoked.' },
  errors: ['not_found'],
  examples: { unknown: { path: { id: 'lnk_aaaaaaaaaaaaaaaa' }, returns: 'not_found' } },
  async handler({ deps, by, caller, params }) {
    await revoke(deps, by, caller, params.id);
    return undefined;
  },
});
