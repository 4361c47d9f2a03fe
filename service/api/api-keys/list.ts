import { z } from 'zod';
import { keysOf } from '../../actions/api-keys.js';
import { invalidRequest } from '../../domain/errors.js';
import { apiKeyId } from '../../domain/ids.js';
import { defineOperation } from '../operation.js';
import { limit, nextAfter, nextOf } from '../schemas.js';
import { apiKeyShown, apiKeyView, ofKeys } from './shared.js';

const apiKeysQuery = z.strictObject({
  limit,
  after: apiKeyId.meta({ description: 'The `next` of the previous page.' }).optional(),
});

export const listApiKeys = defineOperation({
  method: 'get',
  path: '/v1/api-keys',
  ...ofKeys,
  summary: 'Lists API keys, revoked ones too, without the keys themselves.',
  description: 'A key that another key created sees itself and those that were created with it.',
  query: apiKeysQuery,
  answer: {
    status: 200,
    description: 'A page of keys, oldest first.',
    schema: z.object({ apiKeys: z.array(apiKeyShown), next: nextAfter }),
  },
  examples: {
    all: { returns: 200 },
    few: { query: { limit: '1' }, returns: 200 },
    notAnId: { query: { after: 'x' }, returns: 'request_invalid' },
  },
  async handler({ deps, caller, query: { limit, after } }) {
    const keys = await keysOf(deps.store, caller);
    const start = after === undefined ? 0 : keys.findIndex(({ id }) => id === after) + 1;
    if (after !== undefined && start === 0)
      throw invalidRequest('query.after', 'there is no such key', 'Start again with the first page.');
    const page = keys.slice(start, start + limit);
    return {
      apiKeys: page.map(apiKeyView),
      next: nextOf(page, keys.length > start + limit),
    };
  },
});
