import { keysOf } from '../../actions/api-keys.js';
import * as answers from '../answers.js';
import { defineOperation } from '../operation.js';
import { apiKeyView } from './view.js';

export const listApiKeys = defineOperation({
  method: 'get',
  path: '/v1/api-keys',
  tag: 'API keys',
  summary: 'Lists API keys, revoked ones too, without the keys themselves.',
  description: 'A key that another key created sees itself and those that were created with it.',
  auth: 'organization',
  permission: 'keys:write',
  answer: { status: 200, description: 'All of them, oldest first.', schema: answers.apiKeyList },
  errors: [],
  examples: { all: { returns: 200 } },
  async handler({ deps, caller }) {
    const keys = await keysOf(deps.store, caller);
    return { apiKeys: keys.map(apiKeyView) };
  },
});
