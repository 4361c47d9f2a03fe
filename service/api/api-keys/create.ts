import { z } from 'zod';
import { createApiKey as create } from '../../actions/api-keys.js';
import { authority, ceilings, defaultPermissions } from '../../domain/permission.js';
import { scope } from '../../domain/scope.js';
import { defineOperation } from '../operation.js';
import { name } from '../schemas.js';
import { sessionPolicy } from '../session-policy.js';
import { apiKeyShown, apiKeyView, ofKeys } from './shared.js';

export const createApiKeyRequest = z.strictObject({
  name,
  permissions: authority.shape.permissions
    .default([...defaultPermissions])
    .meta({ description: 'The permissions of the key, at most those of its creator.' }),
  scope: scope
    .optional()
    .meta({ description: 'The key sees connections and issues credentials within it only.' }),
  ceilings: ceilings
    .extend({ sessionPolicy: sessionPolicy.optional() })
    .optional()
    .meta({ description: 'The longest duration, and a session policy for all credentials of the key.' }),
  expiresAt: z.iso.datetime().optional().meta({ description: 'By default the expiry of the creating key.' }),
});

export const createApiKey = defineOperation({
  method: 'post',
  path: '/v1/api-keys',
  ...ofKeys,
  summary: 'Creates an API key within the limits of your key.',
  description:
    'It is revoked with the key that creates it, and expires no later. Without `permissions` it reads connections and issues credentials.',
  body: createApiKeyRequest,
  answer: {
    status: 201,
    description: 'The key, shown only in this response.',
    schema: apiKeyShown.extend({ apiKey: z.string().meta({ description: 'Shown only in this response.' }) }),
  },
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
