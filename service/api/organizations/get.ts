import { z } from 'zod';
import { forEachQuota, type QuotaName, quotaNames } from '../../domain/quotas.js';
import { defineOperation } from '../operation.js';
import {
  organizationAnswer,
  organizationIn,
  organizationShown,
  organizationView,
  path,
  reading,
  unknown,
} from './shared.js';

const organizationInUse = organizationShown.extend({
  quotas: z
    .record(
      z.enum(quotaNames),
      z.object({ used: z.int(), limit: z.int().meta({ description: '0: no limit.' }) }),
    )
    .meta({ description: 'The use and the limit of each quota.' }),
});

export const getOrganization = defineOperation({
  method: 'get',
  path: '/v1/organizations/{id}',
  ...reading,
  summary: 'Returns one organization, by its id or reference, with the use of its quotas.',
  answer: { ...organizationAnswer, schema: organizationInUse },
  errors: ['organization_not_found'],
  examples: { one: { path, returns: 200 }, unknown },
  async handler(input) {
    const { store, quotas } = input.deps;
    const organization = await organizationIn(input);
    const used = await store.usage(organization.id, quotaNames);
    const quotaOf = (name: QuotaName) => ({ used: used.get(name) ?? 0, limit: quotas.limits[name] });
    return { ...organizationView(organization), quotas: forEachQuota(quotaOf) };
  },
});
