import { z } from 'zod';
import { keysOf } from '../../actions/api-keys.js';
import { invalidRequest } from '../../domain/errors.js';
import { apiKeyId } from '../../domain/ids.js';
import { defineOperation } from '../operation.js';
import { limit, nextAfter } from '../schemas.js';
import { apiKeyShown, apiKeyView } from './view.js';

const apiKeysQuery = z.strictObject({
  limit,
  after: apiKeyId.meta({ description: 'The `next` of the previous page.' }).optional(),
});

export const listApiKeys = defineOperation({
  method: 'get',
  path: '/v1/api-keys',
  tag: 'API keys',
  summary: 'Lists API keys, revoked ones too, without the keys themselves.',
  description: 'A key that another key created sees itself and those that were created with it.',
  auth: 'organization',
  permission: 'keys:write',
  query: apiKeysQuery,
  answer: {
    status: 200,
    description: 'A page of keys, oldest first.',
    schema: z.object({ apiKeys: z.array(apiKeyShown), next: nextAfter }),
  },
  errors: [],
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
    const last = page.at(-1);
    return {
      apiKeys: page.map(apiKeyView),
      ...(keys.length > start + limit && last && { next: last.id }),
    };
  },
});
