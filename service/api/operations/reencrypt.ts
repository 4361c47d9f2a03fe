import { reencrypt as reencryptAll } from '../../actions/reencrypt.js';
import * as answers from '../answers.js';
import { defineOperation } from '../operation.js';

export const reencrypt = defineOperation({
  method: 'post',
  path: '/v1/reencrypt',
  tag: 'Operations',
  summary:
    "Re-encrypts all access keys, callback, enrollment and webhook secrets and the keys of persons' names with the first of their keys.",
  auth: 'operator',
  operatorPermission: 'organizations:write',
  answer: { status: 200, description: 'The number of each.', schema: answers.reencryption },
  errors: [],
  isRepeatable: true,
  examples: { all: { returns: 200 } },
  handler: ({ deps, by }) => reencryptAll(deps, by),
});
