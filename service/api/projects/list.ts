import { z } from 'zod';
import { defineOperation } from '../operation.js';
import { declaring, projectAnswer, projectView } from './shared.js';

export const listProjects = defineOperation({
  method: 'get',
  path: '/v1/projects',
  ...declaring,
  summary: 'Lists the declared projects.',
  permission: ['connections:read', 'targets:write'],
  answer: {
    status: 200,
    description: 'The projects, by id.',
    schema: z.object({ projects: z.array(projectAnswer) }),
  },
  examples: { all: { returns: 200 } },
  handler: async ({ deps, caller }) => ({
    projects: (await deps.store.projects(caller.organizationId)).map(projectView),
  }),
});
