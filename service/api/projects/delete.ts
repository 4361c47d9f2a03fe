import { z } from 'zod';
import { deleteProject as remove } from '../../actions/projects.js';
import { defineOperation } from '../operation.js';
import { declaring, dryRunQuery, effectsAnswer, effectsView } from './shared.js';

export const deleteProject = defineOperation({
  method: 'delete',
  path: '/v1/projects/{id}',
  ...declaring,
  summary: 'Deletes the declaration of a project, and returns the scopes that match nothing afterwards.',
  query: dryRunQuery,
  answer: { status: 200, description: 'Changes to connections.', schema: z.object(effectsAnswer) },
  errors: ['project_not_found'],
  examples: { unknown: { path: { id: 'none' }, returns: 'project_not_found' } },
  async handler({ deps, by, caller, params, query }) {
    const isDryRun = query.dryRun ?? false;
    return effectsView(await remove(deps, by, caller.organizationId, params.id, { isDryRun }));
  },
});
