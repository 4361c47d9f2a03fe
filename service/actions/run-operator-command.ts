import { z } from 'zod';
import type { Requester } from '../domain/audit.js';
import { operatorPermissions } from '../domain/operator.js';
import { organizationSchema } from '../domain/organization.js';
import { createOrganization } from './create-organization.js';
import type { Dependencies } from './dependencies.js';
import { createOperatorLink } from './operator-link.js';
import { createOperatorToken, listOperatorTokens, revokeOperatorToken } from './operator-tokens.js';
import { reencrypt } from './reencrypt.js';

/** Commands that only the machine of the service can send. */
export const operatorCommand = z.discriminatedUnion('command', [
  organizationSchema
    .pick({ name: true, reference: true, metadata: true })
    .extend({ command: z.literal('organization.create') }),
  z.strictObject({
    command: z.literal('operator-token.create'),
    name: z.string().min(1).max(100),
    permissions: z.array(z.enum(operatorPermissions)).min(1),
    expiresAt: z.iso.datetime().optional(),
  }),
  z.strictObject({ command: z.literal('operator-token.list') }),
  z.strictObject({ command: z.literal('operator-token.revoke'), id: z.string() }),
  z.strictObject({ command: z.literal('reencrypt') }),
  z.strictObject({
    command: z.literal('operator.link'),
    token: z.string(),
    expiresInMinutes: z.int().min(1).max(60),
  }),
]);
export type OperatorCommand = z.infer<typeof operatorCommand>;

export async function runOperatorCommand(
  deps: Pick<Dependencies, 'store' | 'clock' | 'encryption' | 'accessKeyEncryption'> & {
    readonly publicUrl: string;
  },
  by: Requester,
  command: unknown,
): Promise<object> {
  const asked = operatorCommand.parse(command);
  switch (asked.command) {
    case 'organization.create': {
      const { organization, ...rest } = await createOrganization(deps, by, asked);
      return { ...organization, ...rest };
    }
    case 'operator-token.create':
      return createOperatorToken(deps, by, asked);
    case 'operator-token.list':
      return { tokens: await listOperatorTokens(deps) };
    case 'operator-token.revoke':
      await revokeOperatorToken(deps, by, asked.id);
      return { revoked: asked.id };
    case 'reencrypt':
      return reencrypt(deps, by);
    case 'operator.link':
      return createOperatorLink(deps, by, asked);
  }
}
