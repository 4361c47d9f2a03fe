import { z } from 'zod';
import { type Resolution, shadowsOf } from '../../actions/resolve-target.js';
import type { Authority } from '../../domain/permission.js';
import { scope } from '../../domain/scope.js';
import { connectionSummary } from '../connections/answers.js';
import { JsonText, scopeText, summaryText } from '../json-text.js';

export const resolution = z.object({
  connection: connectionSummary,
  matchedScope: scope,
  path: z.array(scope).meta({ description: 'The scopes that were searched, narrowest first.' }),
  shadows: z
    .array(z.object({ scope, connection: connectionSummary }))
    .meta({ description: 'Wider connections that would apply if this one did not.' }),
});

export function resolutionText({ connection, matchedScope, path, wider }: Resolution, authority: Authority) {
  const shadows = shadowsOf(wider, authority).map(
    (shadow) => `{"scope":${scopeText(shadow.matchedScope)},"connection":${summaryText(shadow.connection)}}`,
  );
  return new JsonText<z.input<typeof resolution>>(
    `{"connection":${summaryText(connection)},"matchedScope":${scopeText(matchedScope)},"path":[${path.map(scopeText)}],"shadows":[${shadows}]}`,
  );
}
