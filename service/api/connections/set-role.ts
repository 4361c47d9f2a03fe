import { verifyConnection } from '../../actions/verify-connection.js';
import { parseRoleArn } from '../../domain/role-arn.js';
import { roleArn } from '../example-values.js';
import { defineOperation } from '../operation.js';
import { connectionView } from '../views.js';
import { setRoleRequest } from './requests.js';
import {
  changeErrors,
  changing,
  connectionAnswer,
  connectionIn,
  path,
  roleVerificationErrors,
} from './shared.js';

export const setRole = defineOperation({
  method: 'put',
  path: '/v1/connections/{id}/role',
  ...changing,
  summary: 'Sets the role by its ARN and verifies it at once.',
  body: setRoleRequest,
  answer: connectionAnswer,
  errors: [...changeErrors, 'method_mismatch', ...roleVerificationErrors],
  examples: {
    role: { path, body: { roleArn }, returns: 200 },
    notARole: {
      path,
      body: { roleArn: 'arn:aws:iam::210987654321:user/somebody' },
      returns: 'role_arn_invalid',
    },
  },
  async handler(input) {
    const connection = await connectionIn(input);
    const { roleArn: text } = input.body;
    parseRoleArn(text);
    return connectionView(
      await verifyConnection(input.deps, input.by, connection, { roleArn: text, askedBy: 'manual' }),
    );
  },
});
