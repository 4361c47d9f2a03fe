import { z } from 'zod';
import { sessionLimits } from '../domain/session-limits.js';

const policyText = z
  .string()
  .max(sessionLimits.sessionPolicy, `must be ${sessionLimits.sessionPolicy} characters or less`)
  // What AWS takes: tab, line ends, and the printable characters of Latin-1.
  .regex(/^[\t\n\r\x20-\xff]*$/, 'must hold no character outside Latin-1')
  .refine(isJsonObject, 'must be a JSON object');

/** A session policy: an object, or the text of one. */
export const sessionPolicy = z.union(
  [
    policyText,
    z
      .record(z.string(), z.unknown())
      .transform((policy) => JSON.stringify(policy))
      .pipe(policyText),
  ],
  `must be a JSON object, or the text of one, of at most ${sessionLimits.sessionPolicy} characters of Latin-1`,
);

function isJsonObject(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value);
  } catch {
    return false;
  }
}
