import { rotateCallbackSecret as rotate } from '../../actions/rotate-callback-secret.js';
import { isoTime } from '../../domain/verification.js';
import { statusToken } from '../../secrets/status-token.js';
import { defineOperation } from '../operation.js';
import { createdRoleConnection } from './answers.js';
import { rotateCallbackSecretRequest } from './requests.js';
import { changeErrors, changing, connectionIn, path } from './shared.js';

export const rotateCallbackSecret = defineOperation({
  method: 'post',
  path: '/v1/connections/{id}/rotate-callback-secret',
  ...changing,
  summary: 'Rotates the callback secret; the previous one stays valid for a while.',
  body: rotateCallbackSecretRequest,
  answer: {
    status: 200,
    description: 'The new secret, shown only in this response.',
    schema: createdRoleConnection
      .pick({ callbackSecret: true, statusToken: true })
      .extend({ previousValidUntil: isoTime }),
  },
  errors: [...changeErrors, 'method_mismatch'],
  examples: { hour: { path, body: { previousValidSeconds: 3600 }, returns: 200 } },
  async handler(input) {
    const connection = await connectionIn(input);
    const rotated = await rotate(input.deps, input.by, connection, input.body);
    return { ...rotated, statusToken: statusToken(connection.id, rotated.callbackSecret) };
  },
});
