import { revokeApiKey as revoke } from '../../actions/api-keys.js';
import { apiKeyId } from '../example-values.js';
import { defineOperation } from '../operation.js';
import { ofKeys } from './shared.js';

export const revokeApiKey = defineOperation({
  method: 'delete',
  path: '/v1/api-keys/{id}',
  ...ofKeys,
  summary: 'Revokes an API key at once, with every key and link that was created with it.',
  answer: { status: 204, description: 'The key is revoked.' },
  errors: ['api_key_not_found', 'api_key_in_use'],
  examples: {
    revoke: { path: { id: apiKeyId }, returns: 204 },
    unknown: { path: { id: 'key_aaaaaaaaaaaaaaaa' }, returns: 'api_key_not_found' },
  },
  handler: ({ deps, by, caller, params }) => revoke(deps, by, caller, params.id),
});
