import { z } from 'zod';
import { organizationId } from './ids.js';
import { isoTime } from './verification.js';

/** Something that the holder of a secret may do for a while; the store knows the secret's hash only (of an enrollment, its id's). */
export const tokenSchema = z.strictObject({
  kind: z.enum([
    'web_session',
    'sign_in_link',
    'enrollment',
    'operator_token',
    'operator_link',
    'setup_code',
  ]),
  /** SHA-256 of the secret, hexadecimal. */
  hash: z.string(),
  organizationId,
  createdAt: isoTime,
  expiresAt: isoTime,
  /** Its content; JSON. */
  data: z.record(z.string(), z.unknown()).readonly(),
});
export type Token = Readonly<z.infer<typeof tokenSchema>>;
