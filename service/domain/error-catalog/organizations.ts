import type { ErrorRow } from './error-row.js';

export const organizationErrors = {
  organization_not_found: {
    status: 404,
    title: 'No such organization',
    meaning: 'No organization has this id or reference, or it was deleted.',
    see: '`GET /v1/organizations?search=NAME` lists them.',
    fix: 'Use an id or a reference from that list. Letter case counts.',
  },
  organization_suspended: {
    status: 403,
    title: 'The organization is suspended',
    meaning:
      'The vendor suspended this organization: no credentials are issued and nothing can be changed. Nothing was deleted.',
    see: '`GET /v1/organizations/{id}` has `suspendedAt`.',
    fix: 'Customer: ask the vendor. Vendor: `POST /v1/organizations/{id}/resume` restores everything.',
  },
  project_not_found: {
    status: 404,
    title: 'No such project',
    meaning: 'The organization has declared no project with this id.',
    see: '`GET /v1/projects` lists them.',
    fix: 'Use an id from that list, or declare the project with `PUT /v1/projects/{id}`.',
  },
  target_unknown: {
    status: 422,
    title: 'The target is not declared',
    meaning:
      'This organization accepts declared targets only (`targets: declared`), so that a typing error never resolves to a wider connection.',
    see: '`nearest` in this answer is the most similar one; `GET /v1/projects` lists all.',
    fix: 'Correct the name, or declare it with `PUT /v1/projects/{id}`.',
  },
  reference_taken: {
    status: 409,
    title: 'The reference is taken',
    meaning: 'Another organization has this reference. References are unique.',
    see: '`GET /v1/organizations/{reference}` returns the organization that has it.',
    fix: 'Use that organization, or choose another reference.',
  },
} as const satisfies Record<string, ErrorRow>;
