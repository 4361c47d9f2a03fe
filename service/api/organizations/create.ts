import { z } from 'zod';
import { createOrganization as create } from '../../actions/create-organization.js';
import { defineOperation } from '../operation.js';
import { createOrganizationRequest } from './requests.js';
import { changing, organizationShown, organizationView, organizationWarnings } from './shared.js';

const createdOrganization = organizationShown.extend({
  warnings: organizationWarnings,
  apiKey: z.string().meta({ description: 'Shown only in this response.' }),
});

export const createOrganization = defineOperation({
  method: 'post',
  path: '/v1/organizations',
  ...changing,
  summary: 'Creates an organization and its first API key.',
  body: createOrganizationRequest,
  answer: {
    status: 201,
    description: 'The organization and its API key, which is shown only in this response.',
    schema: createdOrganization,
    location: '/v1/organizations/{id}',
  },
  errors: ['reference_taken'],
  examples: {
    one: { body: { name: 'acme' }, returns: 201 },
    reference: {
      body: { name: 'Globex', reference: 'tenant-4712', metadata: { plan: 'team' } },
      returns: 201,
    },
    spaces: { body: { name: ' acme' }, returns: 'request_invalid' },
    takenReference: { body: { name: 'Initech', reference: 'tenant-4711' }, returns: 'reference_taken' },
    likeAnId: { body: { name: 'Hooli', reference: 'org_hooli' }, returns: 'request_invalid' },
  },
  async handler({ deps, by, body }) {
    const { organization, apiKey, warnings } = await create(deps, by, body);
    return { ...organizationView(organization), ...(warnings.length > 0 && { warnings }), apiKey };
  },
});
