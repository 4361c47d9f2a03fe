import { z } from 'zod';
import { listEnrollments as list } from '../../actions/enrollments.js';
import { type Enrollment, enrollmentSchema } from '../../domain/enrollment.js';
import { enrollmentsQuery } from '../enrollment-schema.js';
import { defineOperation } from '../operation.js';
import { nextBefore } from '../schemas.js';
import { tag } from './view.js';

const enrollmentList = z.object({
  enrollments: z
    .array(
      enrollmentSchema
        .pick({ id: true, name: true, partition: true, maxAccounts: true, createdAt: true, expiresAt: true })
        .extend({
          registered: z.number().meta({ description: 'How many accounts have registered themselves.' }),
        }),
    )
    .meta({ description: 'Newest first.' }),
  next: nextBefore,
});

export const listEnrollments = defineOperation({
  method: 'get',
  path: '/v1/enrollments',
  tag,
  summary: 'Lists enrollments, newest first.',
  description: 'A page at a time. The audit log has the ended ones.',
  auth: 'organization',
  permission: 'connections:read',
  isOrganizationWide: true,
  query: enrollmentsQuery,
  answer: { status: 200, description: 'A page of enrollments.', schema: enrollmentList },
  errors: [],
  examples: {
    all: { returns: 200 },
    few: { query: { limit: '1' }, returns: 200 },
    notANext: { query: { before: 'enr_aaaaaaaaaaaaaaaaaaaaaaaa' }, returns: 'request_invalid' },
  },
  async handler({ deps, caller, query }) {
    const { enrollments, next } = await list(deps, caller.organizationId, query);
    return { enrollments: enrollments.map(summary), next };
  },
});

/** Up to five hundred accounts are only counted. */
function summary({ id, name, partition, maxAccounts, createdAt, expiresAt, accounts }: Enrollment) {
  const registered = Object.keys(accounts).length;
  return { id, name, partition, maxAccounts, registered, createdAt, expiresAt };
}
