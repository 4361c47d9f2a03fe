import { rotateExternalId as rotate } from '../../actions/rotate-external-id.js';
import { defineOperation } from '../operation.js';
import { rotatedExternalIdView } from '../views.js';
import * as answers from './answers.js';
import { rotateExternalIdRequest } from './requests.js';
import { changeErrors, changing, connectionIn, path } from './shared.js';

export const rotateExternalId = defineOperation({
  method: 'post',
  path: '/v1/connections/{id}/rotate-external-id',
  ...changing,
  summary: 'Starts a rotation of the external ID; the current one works until the role has the new one.',
  body: rotateExternalIdRequest,
  answer: {
    status: 200,
    description:
      'Everything that the customer needs to change the role. The same again while the rotation is in progress.',
    schema: answers.rotatedExternalId,
  },
  errors: [...changeErrors, 'method_mismatch', 'partition_not_supported'],
  examples: {
    begin: { path, body: {}, returns: 200 },
    withSecret: { path, body: { rotateCallbackSecret: true }, returns: 200 },
  },
  async handler(input) {
    const { connection, callbackSecret } = await rotate(input.deps, input.by, await connectionIn(input), {
      rotatesCallbackSecret: input.body.rotateCallbackSecret,
    });
    return rotatedExternalIdView(input.deps, connection, callbackSecret);
  },
});
