import { z } from 'zod';
import { resolveTargets } from '../../actions/resolve-target.js';
import { covers, requireScope } from '../../domain/permission.js';
import { scope } from '../../domain/scope.js';
import { errorCode } from '../../domain/verification.js';
import { defineOperation } from '../operation.js';
import { resolution, resolutionView } from './resolution.js';

export const resolveMany = defineOperation({
  method: 'post',
  path: '/v1/resolve',
  tag: 'Targets',
  summary: 'Returns the connections that apply to up to 100 targets.',
  auth: 'organization',
  permission: ['connections:read', 'credentials:issue'],
  readsOnly: true,
  isRepeatable: true,
  body: z.strictObject({ targets: z.array(scope).min(1).max(100) }),
  answer: {
    status: 200,
    description: 'One result for each target, in their order.',
    schema: z.object({
      results: z.array(
        z.object({
          target: scope,
          resolution: resolution.optional(),
          problem: z.object({ code: errorCode, detail: z.string() }).optional(),
        }),
      ),
    }),
  },
  errors: [],
  examples: {
    two: { body: { targets: [{ project: 'shop' }, { project: 'nobodys' }] }, returns: 200 },
    none: { body: { targets: [] }, returns: 'request_invalid' },
  },
  async handler({ deps, caller: { organizationId, authority }, body: { targets } }) {
    for (const target of targets) requireScope(authority, target);
    const results = await resolveTargets(deps.store, organizationId, targets);
    return {
      results: results.map((found, index) => {
        const target = targets[index] ?? {};
        if ('code' in found) return { target, problem: found };
        const shadows = found.shadows.filter(({ connection }) => covers(authority, connection));
        return { target, resolution: resolutionView({ ...found, shadows }) };
      }),
    };
  },
});
