import { z } from 'zod';
import { type Resolved, resolveTargets, shadowsOf } from '../../actions/resolve-target.js';
import type { Connection } from '../../domain/connection.js';
import { type ConnectionId, connectionId } from '../../domain/ids.js';
import { requireScope } from '../../domain/permission.js';
import { scope } from '../../domain/scope.js';
import { errorCode } from '../../domain/verification.js';
import { connectionSummary } from '../connections/answers.js';
import { JsonText, scopeText, summaryText } from '../json-text.js';
import { defineOperation } from '../operation.js';

const resolutions = z.object({
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
});

export const resolveMany = defineOperation({
  method: 'post',
  path: '/v1/resolve',
  tag: 'Targets',
  summary: 'Returns the connections that apply to up to 100 targets.',
  auth: 'organization',
  permission: ['connections:read', 'credentials:issue'],
  readsOnly: true,
  isIdempotent: true,
  body: z.compile(z.strictObject({ targets: z.array(scope).min(1).max(100) })),
  answer: {
    status: 200,
    description: 'One result for each target, in their order.',
    schema: resolutions,
  },
  examples: {
    two: { body: { targets: [{ project: 'shop' }, { project: 'nobodys' }] }, returns: 200 },
    none: { body: { targets: [] }, returns: 'request_invalid' },
  },
  async handler({ deps, caller: { organizationId, authority }, body: { targets } }) {
    for (const target of targets) requireScope(authority, target);
    const found = await resolveTargets(deps.store, organizationId, targets);
    const connections = new Map<ConnectionId, Connection>();
    const idOf = ({ connection }: Resolved) => {
      connections.set(connection.id, connection);
      return `"connectionId":"${connection.id}"`;
    };
    // Many targets share the same wider connections.
    const shadowTexts = new Map<Resolved | undefined, string>();
    const shadowsIn = ({ wider }: Resolved) => {
      let text = shadowTexts.get(wider);
      if (text === undefined) {
        text = shadowsOf(wider, authority)
          .map((shadow) => `{"scope":${scopeText(shadow.matchedScope)},${idOf(shadow)}}`)
          .join();
        shadowTexts.set(wider, text);
      }
      return text;
    };
    const results = found.map((one, index) => {
      const target = `"target":${scopeText(targets[index] ?? {})}`;
      return 'code' in one
        ? `{${target},"problem":${JSON.stringify(one)}}`
        : `{${target},"resolution":{${idOf(one)},"matchedScope":${scopeText(one.matchedScope)},"shadows":[${shadowsIn(one)}]}}`;
    });
    return new JsonText<z.input<typeof resolutions>>(
      `{"results":[${results}],"connections":[${Array.from(connections.values(), summaryText)}]}`,
    );
  },
});
