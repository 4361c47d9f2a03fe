import { createOrganization as create } from '../../actions/create-organization.js';
import * as answers from '../answers.js';
import { defineOperation } from '../operation.js';
import { createOrganizationRequest } from '../schemas.js';

export const createOrganization = defineOperation({
  method: 'post',
  path: '/v1/organizations',
  tag: 'Organizations',
  summary: 'Creates an organization and its first API key.',
  auth: 'operator',
  body: createOrganizationRequest,
  answer: {
    status: 201,
    description: 'The organization, and its API key, which no other answer contains.',
    schema: answers.createdOrganization,
  },
  errors: [],
  examples: {
    one: { body: { name: 'acme' }, returns: 201 },
    spaces: { body: { name: ' acme' }, returns: 'request_invalid' },
  },
  async handler({ deps, by, body }) {
    const { organization, apiKey } = await create(deps, by, body.name);
    return { ...organization, apiKey };
  },
});
