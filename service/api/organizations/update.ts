import { z } from 'zod';
import { changeOrganization as change } from '../../actions/change-organization.js';
import { nameWarnings } from '../../actions/create-organization.js';
import { scopeHolderView, undeclaredScopes } from '../../actions/projects.js';
import { defineOperation } from '../operation.js';
import { scopeHolder } from '../projects/shared.js';
import { updateOrganizationRequest } from './requests.js';
import {
  changing,
  organizationIn,
  organizationShown,
  organizationView,
  organizationWarnings,
  path,
  unknownPath,
} from './shared.js';

const updatedOrganization = organizationShown.extend({
  warnings: organizationWarnings,
  undeclaredScopes: z
    .array(scopeHolder)
    .optional()
    .meta({ description: 'With targets: declared, the scopes that match no declared target.' }),
});

export const updateOrganization = defineOperation({
  method: 'patch',
  path: '/v1/organizations/{id}',
  ...changing,
  summary: 'Renames an organization, or changes its reference or metadata.',
  description: 'Metadata is replaced as a whole. A reference of null removes it.',
  body: updateOrganizationRequest,
  answer: { status: 200, description: 'The organization.', schema: updatedOrganization },
  errors: ['organization_not_found', 'reference_taken'],
  examples: {
    rename: { path, body: { name: 'Acme Corporation' }, returns: 200 },
    declared: { path, body: { targets: 'declared' }, returns: 200 },
    nothing: { path, body: {}, returns: 'request_invalid' },
    unknown: { path: unknownPath, body: { name: 'Acme' }, returns: 'organization_not_found' },
  },
  async handler(input) {
    const before = await organizationIn(input);
    const organization = await change(input.deps, input.by, before, input.body);
    const warnings = input.body.name === undefined ? [] : await nameWarnings(input.deps.store, organization);
    const undeclared =
      input.body.targets === 'declared'
        ? await undeclaredScopes(input.deps.store, organization.id)
        : undefined;
    return {
      ...organizationView(organization),
      ...(warnings.length > 0 && { warnings }),
      ...(undeclared && { undeclaredScopes: undeclared.map(scopeHolderView) }),
    };
  },
});
