import { z } from 'zod';
import { requireRegistration } from '../../actions/require-method.js';
import { connectionOfSetupCode } from '../../actions/setup-codes.js';
import { roleBase } from '../../domain/connection.js';
import { scope } from '../../domain/scope.js';
import { isoTime } from '../../domain/verification.js';
import { regionOf } from '../../templates/index.js';
import { bearerToken } from '../auth.js';
import { defineOperation } from '../operation.js';
import { shownBy } from '../schemas.js';
import { roleFor } from '../views.js';
import { roleTemplates } from './answers.js';
import { tag } from './shared.js';

const setup = z
  .object({
    vendorName: z.string().optional().meta({ description: "The vendor's name, from its brand file." }),
    name: roleBase.shape.name,
    connectionId: roleBase.shape.id,
    ...roleTemplates.pick({ externalId: true, principal: true, callbackUrl: true }).shape,
    expectedAccountId: roleBase.shape.expectedAccountId,
    scope: scope.optional(),
    permissions: z.string().optional().meta({ description: 'A preset, such as read-only.' }),
    region: z.string(),
    expiresAt: isoTime,
  })
  .meta({ id: 'Setup' });

export const readSetupCode = defineOperation({
  method: 'get',
  path: '/v1/setup-code',
  tag,
  summary: 'Returns the values behind a set-up code, without secrets.',
  description: 'Send the set-up code as "Authorization: Bearer".',
  auth: 'setup_code',
  answer: {
    status: 200,
    description: 'Values for the code of the customer.',
    schema: setup,
  },
  examples: { one: { returns: 200 } },
  async handler({ deps, request }) {
    const { connection, expiresAt } = await connectionOfSetupCode(deps, bearerToken(request));
    const role = roleFor(deps, connection, requireRegistration(connection));
    return {
      ...shownBy(setup, role),
      name: connection.name,
      permissions: typeof role.permissions === 'string' ? role.permissions : undefined,
      region: regionOf(role),
      expiresAt,
    };
  },
});
