import { z } from 'zod';
import { declareProject as declare } from '../../actions/projects.js';
import { invalidRequest } from '../../domain/errors.js';
import { scopeName } from '../../domain/scope.js';
import { defineOperation } from '../operation.js';
import {
  declaring,
  dryRunQuery,
  effectsAnswer,
  effectsView,
  path,
  projectAnswer,
  projectRequest,
  projectView,
} from './shared.js';

const body = {
  name: 'Webshop',
  environments: [
    { id: 'production', name: '本番', architectures: [{ id: 'web', name: 'Web frontend' }] },
    { id: 'staging', name: 'Staging' },
  ],
};

export const declareProject = defineOperation({
  method: 'put',
  path: '/v1/projects/{id}',
  ...declaring,
  summary: "Declares a project's environments and architectures.",
  description:
    'Ids are stable and used in scopes; names are for people. An architecture that moves to another environment keeps its scope.',
  query: dryRunQuery,
  body: projectRequest,
  answer: {
    status: 200,
    description: 'The project, and what its declaration changes.',
    schema: z.object({ project: projectAnswer, ...effectsAnswer }),
  },
  errors: ['quota_exceeded', 'scope_taken', 'connection_changed'],
  examples: {
    one: { path, body, returns: 200 },
    dryRun: { path, query: { dryRun: 'true' }, body, returns: 200 },
    twice: {
      path,
      body: {
        name: 'x',
        environments: [
          { id: 'a', name: 'A' },
          { id: 'a', name: 'B' },
        ],
      },
      returns: 'request_invalid',
    },
  },
  async handler({ deps, by, caller, params, query, body: wanted }) {
    if (!scopeName.test(params.id))
      throw invalidRequest(
        'path.id',
        'is not a valid name',
        'Use 1 to 64 letters, digits, ".", "_" or "-", and begin with a letter or a digit.',
      );
    const declared = { id: params.id, ...wanted };
    const isDryRun = query.dryRun ?? false;
    const { project, effects } = await declare(deps, by, caller.organizationId, declared, { isDryRun });
    return { project: projectView(project), ...effectsView(effects) };
  },
});
