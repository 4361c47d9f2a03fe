import { z } from 'zod';
import { resolveTargets } from '../../actions/resolve-target.js';
import type { Connection } from '../../domain/connection.js';
import { type ConnectionId, connectionId } from '../../domain/ids.js';
import { covers, requireScope } from '../../domain/permission.js';
import { scope } from '../../domain/scope.js';
import { errorCode } from '../../domain/verification.js';
import { connectionSummary } from '../connections/answers.js';
import { defineOperation } from '../operation.js';
import { connectionSummary as summaryOf } from '../views.js';

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
          resolution: z
            .object({
              connectionId,
              matchedScope: scope,
              shadows: z
                .array(z.object({ scope, connectionId }))
                .meta({ description: 'Wider connections that would apply if this one did not.' }),
            })
            .optional(),
          problem: z.object({ code: errorCode, detail: z.string() }).optional(),
        }),
      ),
      connections: z
        .array(connectionSummary)
        .meta({ description: 'Each connection that the results name, once.' }),
    }),
  },
  examples: {
    two: { body: { targets: [{ project: 'shop' }, { project: 'nobodys' }] }, returns: 200 },
    none: { body: { targets: [] }, returns: 'request_invalid' },
  },
  async handler({ deps, caller: { organizationId, authority }, body: { targets } }) {
    for (const target of targets) requireScope(authority, target);
    const found = await resolveTargets(deps.store, organizationId, targets);
    const connections = new Map<ConnectionId, ReturnType<typeof summaryOf>>();
    const idOf = (connection: Connection) => {
      if (!connections.has(connection.id)) connections.set(connection.id, summaryOf(connection));
      return connection.id;
    };
    const results = found.map((one, index) => {
      const target = targets[index] ?? {};
      if ('code' in one) return { target, problem: one };
      const shadows = one.shadows
        .filter(({ connection }) => covers(authority, connection))
        .map((wider) => ({ scope: wider.scope, connectionId: idOf(wider.connection) }));
      const { connection, matchedScope } = one;
      return { target, resolution: { connectionId: idOf(connection), matchedScope, shadows } };
    });
    return { results, connections: [...connections.values()] };
  },
});
