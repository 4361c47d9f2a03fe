import { connectionOfSetupCode } from '../../actions/setup-codes.js';
import { roleRegistrationOf } from '../../domain/connection.js';
import { regionOf } from '../../templates/index.js';
import * as answers from '../answers.js';
import { bearerToken } from '../auth.js';
import { defineOperation } from '../operation.js';
import { roleFor } from '../views.js';
import { tag } from './shared.js';

export const readSetupCode = defineOperation({
  method: 'get',
  path: '/v1/setup-code',
  tag,
  summary: 'Returns what a set-up code stands for; it contains no secret.',
  description: 'Send the set-up code as "Authorization: Bearer".',
  auth: 'setup_code',
  answer: {
    status: 200,
    description: 'What the code of a customer needs.',
    schema: answers.setup,
  },
  errors: [],
  examples: { one: { returns: 200 } },
  async handler({ deps, request }) {
    const { connection, expiresAt } = await connectionOfSetupCode(deps, bearerToken(request));
    const registration = roleRegistrationOf(connection);
    if (registration === undefined) throw new Error(`Connection ${connection.id} expects no role.`);
    const role = roleFor(deps, connection, registration);
    return {
      vendorName: role.vendorName,
      name: connection.name,
      connectionId: role.connectionId,
      externalId: role.externalId,
      principal: role.principal,
      callbackUrl: role.callbackUrl,
      expectedAccountId: role.expectedAccountId,
      scope: role.scope,
      permissions: typeof role.permissions === 'string' ? role.permissions : undefined,
      region: regionOf(role),
      expiresAt,
    };
  },
});
