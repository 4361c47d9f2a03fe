import { verifyAgain } from '../../actions/verify-again.js';
import { defineOperation } from '../operation.js';
import { connectionView } from '../views.js';
import {
  accessKeyErrors,
  changeErrors,
  changing,
  connectionAnswer,
  connectionIn,
  path,
  roleVerificationErrors,
} from './shared.js';

export const verifyConnection = defineOperation({
  method: 'post',
  path: '/v1/connections/{id}/verify',
  ...changing,
  summary: 'Verifies a connection now.',
  answer: connectionAnswer,
  errors: [
    ...changeErrors,
    'role_missing',
    ...roleVerificationErrors,
    ...accessKeyErrors,
    'access_key_unreadable',
  ],
  isIdempotent: true,
  examples: { verify: { path, returns: 200 }, noRole: { path, returns: 'role_missing' } },
  handler: async (input) =>
    connectionView(await verifyAgain(input.deps, input.by, await connectionIn(input))),
});
