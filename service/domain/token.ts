import { z } from 'zod';
import { organizationId } from './ids.js';
import { isoTime } from './verification.js';

/** A temporary right of the holder of a secret. The store has only the hash of the secret (for an enrollment, of its id). */
export const tokenSchema = z.strictObject({
  kind: z.enum([
    'web_session',
    'sign_in_link',
    'enrollment',
    'operator_token',
    'operator_link',
    'setup_code',
    'ended_operator_session',
  ]),
  /** SHA-256 of the secret, hexadecimal. */
  hash: z.string(),
  organizationId,
  createdAt: isoTime,
  expiresAt: isoTime,
  /** The content as JSON. */
  data: z.record(z.string(), z.unknown()).readonly(),
});
export type Token = Readonly<z.infer<typeof tokenSchema>>;
