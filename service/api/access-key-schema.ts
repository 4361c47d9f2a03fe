import { z } from 'zod';
import type { AccessKey } from '../domain/access-key.js';

/**
 * An access key as AWS formats it. Nothing is trimmed: a copied space or line end is reported.
 * Access key ids: https://docs.aws.amazon.com/IAM/latest/APIReference/API_AccessKey.html (16 to 128 characters),
 * prefixes: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-unique-ids
 */
export const accessKeyMembers = {
  accessKeyId: z
    .string()
    .regex(
      /^(AKIA|ASIA)[A-Z0-9]{12,124}$/,
      'must be "AKIA" or "ASIA" and capital letters or digits, 16 to 128 characters in all, without spaces or line ends',
    ),
  secretAccessKey: z
    .string()
    .regex(
      /^[A-Za-z0-9/+=]{40,128}$/,
      'must be 40 to 128 letters, digits or any of / + =, without spaces or line ends',
    )
    .meta({ writeOnly: true }),
  sessionToken: z
    .string()
    .regex(
      /^[\x21-\x7e]{16,8192}$/,
      'must be 16 to 8192 printable ASCII characters, without spaces or line ends',
    )
    .meta({ writeOnly: true })
    .optional(),
  sessionExpiresAt: z.iso.datetime({ offset: true }).optional(),
};

type AccessKeyRequest = AccessKey & { readonly sessionExpiresAt?: string | undefined };

/** A temporary key (ASIA) requires its session token; a long-term key (AKIA) has none. */
export function sessionTokenFits(
  { accessKeyId, sessionToken, sessionExpiresAt }: AccessKeyRequest,
  context: z.RefinementCtx,
): void {
  const refuse = (member: string, message: string) =>
    context.addIssue({ code: 'custom', path: [member], message });
  if (accessKeyId.startsWith('ASIA') && sessionToken === undefined)
    refuse('sessionToken', 'is missing: an access key id that begins with "ASIA" works with its token only');
  if (accessKeyId.startsWith('AKIA') && sessionToken !== undefined)
    refuse('sessionToken', 'does not belong to an access key id that begins with "AKIA"');
  if (sessionExpiresAt !== undefined && sessionToken === undefined)
    refuse('sessionExpiresAt', 'is for a key with a session token only');
}

export const rotateAccessKeyRequest = z.strictObject(accessKeyMembers).superRefine(sessionTokenFits);

/** The access key of a request. */
export const accessKeyIn = ({
  accessKeyId,
  secretAccessKey,
  sessionToken,
  sessionExpiresAt,
}: AccessKeyRequest) => ({
  key: { accessKeyId, secretAccessKey, sessionToken },
  sessionExpiresAt,
});
