import { z } from 'zod';
import type { Resolution } from '../../actions/resolve-target.js';
import { scope } from '../../domain/scope.js';
import { connectionSummary } from '../connections/answers.js';
import { connectionSummary as summaryOf } from '../views.js';

export const resolution = z.object({
  connection: connectionSummary,
  matchedScope: scope,
  path: z.array(scope).meta({ description: 'The scopes that were looked at, the narrowest first.' }),
  shadows: z
    .array(z.object({ scope, connection: connectionSummary }))
    .meta({ description: 'Wider connections that would apply if this one did not.' }),
});

export function resolutionView({ connection, matchedScope, path, shadows }: Resolution) {
  return {
    connection: summaryOf(connection),
    matchedScope,
    path,
    shadows: shadows.map((wider) => ({ scope: wider.scope, connection: summaryOf(wider.connection) })),
  };
}
