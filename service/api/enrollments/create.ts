import { z } from 'zod';
import { createEnrollment as create } from '../../actions/enrollments.js';
import { createEnrollmentRequest } from '../enrollment-schema.js';
import { defineOperation } from '../operation.js';
import { changing, enrollment, enrollmentView } from './shared.js';

export const createEnrollment = defineOperation({
  method: 'post',
  path: '/v1/enrollments',
  ...changing,
  summary: 'Lets the accounts of an AWS Organization register themselves until it expires.',
  description: 'The answer shows, once, the secret that the stacks of the accounts sign with.',
  body: createEnrollmentRequest,
  answer: {
    status: 201,
    description: 'The enrollment.',
    schema: enrollment.extend({
      secret: z.string().meta({ description: 'Signs the registrations. Shown only in this response.' }),
    }),
    location: '/v1/enrollments/{id}',
  },
  errors: ['partition_not_supported', 'permission_set_unknown'],
  examples: {
    byUnit: {
      body: { name: 'acme', scopeRule: { otherwise: { project: 'shop', environment: '{label}' } } },
      returns: 201,
    },
    byAccount: {
      body: {
        name: 'acme',
        accountIds: ['210987654321'],
        scopeRule: { accounts: { '210987654321': { project: 'shop', environment: 'production' } } },
        expiresInSeconds: 86_400,
      },
      returns: 201,
    },
    tooMany: { body: { name: 'acme', maxAccounts: 100_000 }, returns: 'request_invalid' },
    otherPartition: { body: { name: 'acme', partition: 'aws-cn' }, returns: 'partition_not_supported' },
  },
  async handler({ deps, by, caller, body }) {
    const { enrollment, secret } = await create(deps, by, caller.organizationId, body);
    return { ...enrollmentView(deps, enrollment), secret };
  },
});
