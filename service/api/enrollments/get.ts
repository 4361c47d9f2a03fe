import { enrollmentOf } from '../../actions/enrollments.js';
import { defineOperation } from '../operation.js';
import { enrollment, enrollmentView, path, tag } from './view.js';

export const getEnrollment = defineOperation({
  method: 'get',
  path: '/v1/enrollments/{id}',
  tag,
  summary: 'Returns an enrollment that has not ended, with its registered accounts.',
  auth: 'organization',
  permission: 'connections:read',
  isOrganizationWide: true,
  answer: { status: 200, description: 'The enrollment.', schema: enrollment },
  errors: ['not_found'],
  examples: {
    one: { path, returns: 200 },
    unknown: { path: { id: 'enr_aaaaaaaaaaaaaaaaaaaaaaaa' }, returns: 'not_found' },
  },
  handler: async ({ deps, caller, params }) =>
    enrollmentView(deps, await enrollmentOf(deps, caller.organizationId, params.id)),
});
