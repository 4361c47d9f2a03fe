import { z } from 'zod';
import { reencrypt as reencryptAll } from '../../actions/reencrypt.js';
import { defineOperation } from '../operation.js';

const reencrypted = z.object({
  keyId: z.string().meta({ description: 'The key that encrypts them now, except those that failed.' }),
  reencrypted: z.number(),
  unchanged: z.number(),
  failed: z.array(
    z.object({
      id: z.string().meta({ description: 'Of the connection, enrollment or organization.' }),
      reason: z.string(),
    }),
  ),
});
export const reencryption = z.object({
  accessKeys: reencrypted.optional().meta({ description: 'Missing when there is no encryption key.' }),
  callbackSecrets: reencrypted.meta({ description: 'Under the service key.' }),
  enrollmentSecrets: reencrypted.meta({ description: 'Under the service key.' }),
  webhookSecrets: reencrypted.meta({ description: 'Under the service key.' }),
  personKeys: reencrypted.meta({
    description: "Each organization's key of its persons' names, under the service key.",
  }),
  signatures: z
    .object({
      keyId: z
        .string()
        .meta({ description: 'Of the key that signs what is stored, itself under the service key.' }),
      signedAgain: z
        .number()
        .meta({ description: 'Documents of organizations, or rows, that another key had signed.' }),
    })
    .meta({ description: 'The key is replaced when it was under another service key.' }),
});

export const reencrypt = defineOperation({
  method: 'post',
  path: '/v1/reencrypt',
  tag: 'Operations',
  summary:
    "Re-encrypts all access keys, callback, enrollment and webhook secrets and the keys of persons' names with the first of their keys.",
  auth: 'operator',
  operatorPermission: 'organizations:write',
  answer: { status: 200, description: 'The number of each.', schema: reencryption },
  isRepeatable: true,
  examples: { all: { returns: 200 } },
  handler: ({ deps, by }) => reencryptAll(deps, by),
});
