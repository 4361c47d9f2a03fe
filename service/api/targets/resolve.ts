import { resolveTarget } from '../../actions/resolve-target.js';
import { requireScope } from '../../domain/permission.js';
import { scope } from '../../domain/scope.js';
import { defineOperation } from '../operation.js';
import { resolution, resolutionText } from './resolution.js';

export const resolve = defineOperation({
  method: 'get',
  path: '/v1/resolve',
  tag: 'Targets',
  summary: 'Returns the connection that applies to a target, and the reason.',
  description:
    'The longest scope that is a prefix of the target wins. A connection that is not healthy is still the answer, with its status.',
  auth: 'organization',
  permission: ['connections:read', 'credentials:issue'],
  query: scope,
  answer: { status: 200, description: 'The connection that applies.', schema: resolution },
  errors: ['no_connection_for_target', 'target_unknown'],
  isHighVolume: true,
  examples: {
    environment: { query: { project: 'shop', environment: 'production' }, returns: 200 },
    nothing: { query: { project: 'nobodys' }, returns: 'no_connection_for_target' },
    gap: { query: { environment: 'production' }, returns: 'request_invalid' },
  },
  async handler({ deps, caller: { organizationId, authority }, query }) {
    requireScope(authority, query);
    return resolutionText(await resolveTarget(deps.store, organizationId, query), authority);
  },
});
