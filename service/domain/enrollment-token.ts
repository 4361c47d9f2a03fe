import { createHash } from 'node:crypto';
import { z } from 'zod';
import { type Enrollment, enrollmentSchema } from './enrollment.js';
import type { EnrollmentId } from './ids.js';
import type { Token } from './ports.js';

/** An enrollment is stored as a token. Its id finds it; its secret, which signs, is encrypted in it. */
export function enrollmentTokenOf(enrollment: Enrollment): Token {
  const { id, organizationId, createdAt, expiresAt, ...data } = enrollment;
  return {
    kind: 'enrollment',
    hash: enrollmentTokenHash(id),
    organizationId,
    createdAt,
    expiresAt,
    data: z.record(z.string(), z.unknown()).parse(JSON.parse(JSON.stringify({ id, ...data }))),
  };
}

export const enrollmentIn = ({ data, organizationId, createdAt, expiresAt }: Token): Enrollment =>
  enrollmentSchema.parse({ ...data, organizationId, createdAt, expiresAt });

export const enrollmentTokenHash = (id: EnrollmentId): string =>
  createHash('sha256').update(id).digest('hex');
