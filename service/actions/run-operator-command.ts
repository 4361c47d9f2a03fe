import { z } from 'zod';
import type { Requester } from '../domain/audit.js';
import { operatorPermissions } from '../domain/operator.js';
import type { Clock, Store } from '../domain/ports.js';
import { createOperatorLink } from './operator-link.js';
import { createOperatorToken, listOperatorTokens, revokeOperatorToken } from './operator-tokens.js';

/** What only the machine of the service can ask. */
export const operatorCommand = z.discriminatedUnion('command', [
  z.strictObject({
    command: z.literal('operator-token.create'),
    name: z.string().min(1).max(100),
    permissions: z.array(z.enum(operatorPermissions)).min(1),
    expiresAt: z.iso.datetime().optional(),
  }),
  z.strictObject({ command: z.literal('operator-token.list') }),
  z.strictObject({ command: z.literal('operator-token.revoke'), id: z.string() }),
  z.strictObject({
    command: z.literal('operator.link'),
    token: z.string(),
    expiresInMinutes: z.int().min(1).max(60),
  }),
]);
export type OperatorCommand = z.infer<typeof operatorCommand>;

export async function runOperatorCommand(
  deps: { readonly store: Store; readonly clock: Clock; readonly publicUrl: string },
  by: Requester,
  command: unknown,
): Promise<object> {
  const asked = operatorCommand.parse(command);
  switch (asked.command) {
    case 'operator-token.create':
      return createOperatorToken(deps, by, asked);
    case 'operator-token.list':
      return { tokens: await listOperatorTokens(deps) };
    case 'operator-token.revoke':
      await revokeOperatorToken(deps, by, asked.id);
      return { revoked: asked.id };
    case 'operator.link':
      return createOperatorLink(deps, by, asked);
  }
}
