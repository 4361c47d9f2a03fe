import { releaseAccount as release } from '../../actions/bind-account.js';
import { defineOperation } from '../operation.js';
import { createdConnectionView } from '../views.js';
import * as answers from './answers.js';
import { releaseAccountRequest } from './requests.js';
import { changeErrors, changing, connectionIn, path } from './shared.js';

export const releaseAccount = defineOperation({
  method: 'post',
  path: '/v1/connections/{id}/release-account',
  ...changing,
  summary: 'Binds a connection to another AWS account: new external ID and callback secret, back to pending.',
  permission: 'connections:release',
  body: releaseAccountRequest,
  answer: {
    status: 200,
    description: 'Everything that the customer needs to create a role in the other account.',
    schema: answers.createdRoleConnection,
  },
  errors: [...changeErrors, 'method_mismatch'],
  examples: { release: { path, body: { expectedAccountId: '123123123123' }, returns: 200 } },
  async handler(input) {
    const { expectedAccountId } = input.body;
    const { connection, callbackSecret } = await release(
      input.deps,
      input.by,
      await connectionIn(input),
      expectedAccountId,
    );
    return createdConnectionView(input.deps, connection, callbackSecret);
  },
});
