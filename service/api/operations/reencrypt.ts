import { z } from 'zod';
import { reencrypt as reencryptAll } from '../../actions/reencrypt.js';
import { defineOperation } from '../operation.js';

const reencrypted = z
  .object({
    keyId: z.string().meta({ description: 'The key that encrypts all of them now, except the failed ones.' }),
    reencrypted: z.number(),
    unchanged: z.number(),
    failed: z.array(
      z.object({
        id: z.string().meta({ description: 'The id of the connection, enrollment or organization.' }),
        reason: z.string(),
      }),
    ),
  })
  .meta({ id: 'ReencryptedSecrets' });
/** The same with a description; a named schema keeps its own. */
const secrets = (description: string) => z.object(reencrypted.shape).meta({ description });
export const reencryption = z.object({
  accessKeys: reencrypted.optional().meta({ description: 'Absent without an encryption key.' }),
  callbackSecrets: secrets('Encrypted with the service key.'),
  enrollmentSecrets: secrets('Encrypted with the service key.'),
  webhookSecrets: secrets('Encrypted with the service key.'),
  personKeys: secrets("The key of each organization for its persons' names, encrypted with the service key."),
  signatures: z
    .object({
      keyId: z.string().meta({
        description: 'The id of the key that signs the stored data, which is encrypted with the service key.',
      }),
      signedAgain: z.number().meta({ description: 'Documents or rows that were signed with another key.' }),
    })
    .meta({
      description:
        'Signatures of the stored data. The key is replaced if it was encrypted with another service key.',
    }),
});

export const reencrypt = defineOperation({
  method: 'post',
  path: '/v1/reencrypt',
  tag: 'Operations',
  summary:
    "Re-encrypts all access keys, callback, enrollment and webhook secrets and the keys of persons' names with the first of their keys.",
  auth: 'operator',
  operatorPermission: 'organizations:write',
  answer: {
    status: 200,
    description: 'The number of re-encrypted secrets of each kind.',
    schema: reencryption,
  },
  isIdempotent: true,
  examples: { all: { returns: 200 } },
  handler: ({ deps, by }) => reencryptAll(deps, by),
});
