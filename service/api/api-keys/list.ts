import * as answers from '../answers.js';
import { defineOperation } from '../operation.js';
import { apiKeyView } from './view.js';

export const listApiKeys = defineOperation({
  method: 'get',
  path: '/v1/api-keys',
  tag: 'API keys',
  summary: "Lists the organization's API keys, revoked ones too, without the keys themselves.",
  auth: 'organization',
  permission: 'keys:write',
  answer: { status: 200, description: 'All of them, oldest first.', schema: answers.apiKeyList },
  errors: [],
  examples: { all: { returns: 200 } },
  async handler({ deps, caller }) {
    const keys = await deps.store.apiKeys(caller.organizationId);
    return { apiKeys: keys.map(apiKeyView) };
  },
});
