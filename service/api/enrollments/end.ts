import { endEnrollment as end, enrollmentOf } from '../../actions/enrollments.js';
import { defineOperation } from '../operation.js';
import { changing, path, unknown } from './shared.js';

export const endEnrollment = defineOperation({
  method: 'delete',
  path: '/v1/enrollments/{id}',
  ...changing,
  summary: 'Ends an enrollment: no further account registers. Its connections stay.',
  answer: { status: 204, description: 'The enrollment has ended.' },
  errors: ['not_found'],
  examples: { end: { path, returns: 204 }, unknown },
  handler: async ({ deps, by, caller, params }) =>
    end(deps, by, await enrollmentOf(deps, caller.organizationId, params.id)),
});
