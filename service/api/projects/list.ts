import { z } from 'zod';
import { defineOperation } from '../operation.js';
import { projectAnswer, projectView, tag } from './shared.js';

export const listProjects = defineOperation({
  method: 'get',
  path: '/v1/projects',
  tag,
  summary: 'Lists the declared projects.',
  auth: 'organization',
  permission: ['connections:read', 'targets:write'],
  isOrganizationWide: true,
  answer: {
    status: 200,
    description: 'All of them, by id.',
    schema: z.object({ projects: z.array(projectAnswer) }),
  },
  errors: [],
  examples: { all: { returns: 200 } },
  handler: async ({ deps, caller }) => ({
    projects: (await deps.store.projects(caller.organizationId)).map(projectView),
  }),
});
