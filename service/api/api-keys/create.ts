import { createApiKey as create } from '../../actions/api-keys.js';
import * as answers from '../answers.js';
import { defineOperation } from '../operation.js';
import { createApiKeyRequest } from '../schemas.js';
import { apiKeyView } from './view.js';

export const createApiKey = defineOperation({
  method: 'post',
  path: '/v1/api-keys',
  tag: 'API keys',
  summary: 'Creates an API key, at most within what your own key may do.',
  description:
    'It dies with the key that creates it, and expires no later. Without `permissions` it reads connections and issues credentials.',
  auth: 'organization',
  permission: 'keys:write',
  body: createApiKeyRequest,
  answer: {
    status: 201,
    description: 'The key, which no other answer contains.',
    schema: answers.createdApiKey,
  },
  errors: ['quota_exceeded'],
  examples: {
    one: { body: { name: 'runner' }, returns: 201 },
    limited: {
      body: {
        name: 'deploy shop',
        permissions: ['credentials:issue'],
        scope: { project: 'shop', environment: 'production' },
        ceilings: { durationSeconds: 900 },
        expiresAt: '2090-01-01T00:00:00Z',
      },
      returns: 201,
    },
    unknownPermission: { body: { name: 'runner', permissions: ['everything'] }, returns: 'request_invalid' },
  },
  async handler({ deps, by, caller, body }) {
    const { key, text } = await create(deps, by, caller, body);
    return { ...apiKeyView(key), apiKey: text };
  },
});
