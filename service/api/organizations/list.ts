import { z } from 'zod';
import { defineOperation } from '../operation.js';
import { nextAfter } from '../schemas.js';
import { listOrganizationsQuery } from './requests.js';
import { organizationShown, organizationView, tag } from './shared.js';

const organizationList = z.object({ organizations: z.array(organizationShown), next: nextAfter });

export const listOrganizations = defineOperation({
  method: 'get',
  path: '/v1/organizations',
  tag,
  summary: 'Lists organizations, or searches them by name.',
  description: 'A page at a time.',
  auth: 'operator',
  operatorPermission: 'organizations:read',
  query: listOrganizationsQuery,
  answer: { status: 200, description: 'A page of organizations.', schema: organizationList },
  errors: [],
  examples: {
    all: { returns: 200 },
    search: { query: { search: 'acm', limit: '10' }, returns: 200 },
    tooMany: { query: { limit: '1000' }, returns: 'request_invalid' },
  },
  async handler({ deps, query }) {
    const page = await deps.store.organizations(query);
    const last = page.organizations.at(-1);
    return {
      organizations: page.organizations.map(organizationView),
      ...(page.hasMore && last && { next: last.id }),
    };
  },
});
