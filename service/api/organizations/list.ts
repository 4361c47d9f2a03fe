import { z } from 'zod';
import { defineOperation } from '../operation.js';
import { nextAfter, nextOf } from '../schemas.js';
import { listOrganizationsQuery } from './requests.js';
import { organizationShown, organizationView, reading } from './shared.js';

const organizationList = z.object({ organizations: z.array(organizationShown), next: nextAfter });

export const listOrganizations = defineOperation({
  method: 'get',
  path: '/v1/organizations',
  ...reading,
  summary: 'Lists organizations, or searches them by name.',
  description: 'Returns a page at a time.',
  query: listOrganizationsQuery,
  answer: { status: 200, description: 'A page of organizations.', schema: organizationList },
  examples: {
    all: { returns: 200 },
    search: { query: { search: 'acm', limit: '10' }, returns: 200 },
    tooMany: { query: { limit: '1000' }, returns: 'request_invalid' },
  },
  async handler({ deps, query }) {
    const page = await deps.store.organizations(query);
    return {
      organizations: page.organizations.map(organizationView),
      next: nextOf(page.organizations, page.hasMore),
    };
  },
});
