import { forEachQuota, type QuotaName, quotaNames } from '../../domain/quotas.js';
import * as answers from '../answers.js';
import { defineOperation } from '../operation.js';
import { organizationAnswer, organizationIn, organizationView, path, tag, unknownPath } from './shared.js';

export const getOrganization = defineOperation({
  method: 'get',
  path: '/v1/organizations/{id}',
  tag,
  summary: 'Returns one organization, by its id or reference, with the use of its quotas.',
  auth: 'operator',
  operatorPermission: 'organizations:read',
  answer: { ...organizationAnswer, schema: answers.organizationInUse },
  errors: ['organization_not_found'],
  examples: {
    one: { path, returns: 200 },
    unknown: { path: unknownPath, returns: 'organization_not_found' },
  },
  async handler(input) {
    const { store, quotas } = input.deps;
    const organization = await organizationIn(input);
    const used = await store.usage(organization.id, quotaNames);
    const quotaOf = (name: QuotaName) => ({ used: used.get(name) ?? 0, limit: quotas.limits[name] });
    return { ...organizationView(organization), quotas: forEachQuota(quotaOf) };
  },
});
