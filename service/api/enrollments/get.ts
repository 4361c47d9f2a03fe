import { enrollmentOf } from '../../actions/enrollments.js';
import { defineOperation } from '../operation.js';
import { enrollment, enrollmentView, path, reading, unknown } from './shared.js';

export const getEnrollment = defineOperation({
  method: 'get',
  path: '/v1/enrollments/{id}',
  ...reading,
  summary: 'Returns an enrollment that has not ended, with its registered accounts.',
  answer: { status: 200, description: 'The enrollment.', schema: enrollment },
  errors: ['not_found'],
  examples: { one: { path, returns: 200 }, unknown },
  handler: async ({ deps, caller, params }) =>
    enrollmentView(deps, await enrollmentOf(deps, caller.organizationId, params.id)),
});
