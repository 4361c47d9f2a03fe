import { endEnrollment as end, enrollmentOf } from '../../actions/enrollments.js';
import { defineOperation } from '../operation.js';
import { path, tag } from './view.js';

export const endEnrollment = defineOperation({
  method: 'delete',
  path: '/v1/enrollments/{id}',
  tag,
  summary: 'Ends an enrollment: no further account registers. Its connections stay.',
  auth: 'organization',
  permission: 'connections:write',
  isOrganizationWide: true,
  answer: { status: 204, description: 'It has ended.' },
  errors: ['not_found'],
  examples: {
    end: { path, returns: 204 },
    unknown: { path: { id: 'enr_aaaaaaaaaaaaaaaaaaaaaaaa' }, returns: 'not_found' },
  },
  async handler({ deps, by, caller, params }) {
    await end(deps, by, await enrollmentOf(deps, caller.organizationId, params.id));
    return undefined;
  },
});
