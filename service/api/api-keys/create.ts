import { createApiKey as create } from '../../actions/api-keys.js';
import * as answers from '../answers.js';
import { defineOperation } from '../operation.js';
import { createApiKeyRequest } from '../schemas.js';
import { apiKeyView } from './view.js';

export const createApiKey = defineOperation({
  method: 'post',
  path: '/v1/api-keys',
  tag: 'API keys',
  summary: 'Creates an API key of the organization.',
  auth: 'organization',
  permission: 'keys:write',
  body: createApiKeyRequest,
  answer: {
    status: 201,
    description: 'The key, which no other answer contains.',
    schema: answers.createdApiKey,
  },
  errors: [],
  examples: { one: { body: { name: 'runner' }, returns: 201 } },
  async handler({ deps, by, caller, body }) {
    const { key, text } = await create(deps, by, caller.organizationId, body.name);
    return { ...apiKeyView(key), apiKey: text };
  },
});
