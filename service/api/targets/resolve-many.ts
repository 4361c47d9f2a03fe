import { z } from 'zod';
import { type Resolved, resolveTargets } from '../../actions/resolve-target.js';
import type { Connection } from '../../domain/connection.js';
import { connectionId } from '../../domain/ids.js';
import { covers, requireScope } from '../../domain/permission.js';
import { scope } from '../../domain/scope.js';
import { errorCode } from '../../domain/verification.js';
import { connectionSummary } from '../connections/answers.js';
import { arrayText, JsonText, scopeText, summaryText } from '../json-text.js';
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
  isRepeatable: true,
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
    const connections = new Set<Connection>();
    const idOf = (connection: Connection) => {
      connections.add(connection);
      return `"connectionId":"${connection.id}"`;
    };
    const textOf = memo(({ connection, matchedScope, shadows }: Resolved) => {
      const wider = arrayText(
        shadows.filter((shadow) => covers(authority, shadow.connection)),
        (shadow) => `{"scope":${scopeText(shadow.scope)},${idOf(shadow.connection)}}`,
      );
      return `{${idOf(connection)},"matchedScope":${scopeText(matchedScope)},"shadows":${wider}}`;
    });
    const results = arrayText(found.entries(), ([index, one]) => {
      const outcome = 'code' in one ? `"problem":${JSON.stringify(one)}` : `"resolution":${textOf(one)}`;
      return `{"target":${scopeText(targets[index] ?? {})},${outcome}}`;
    });
    return new JsonText<z.input<typeof resolutions>>(
      `{"results":${results},"connections":${arrayText(connections, summaryText)}}`,
    );
  },
});

/** Targets that match the same scope have the same resolution. */
function memo(textOf: (resolved: Resolved) => string): (resolved: Resolved) => string {
  const texts = new Map<Resolved, string>();
  return (resolved) => {
    let text = texts.get(resolved);
    if (text === undefined) {
      text = textOf(resolved);
      texts.set(resolved, text);
    }
    return text;
  };
}
