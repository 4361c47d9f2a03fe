import { z } from 'zod';
import { listEnrollments as list } from '../../actions/enrollments.js';
import { type Enrollment, enrollmentSchema } from '../../domain/enrollment.js';
import { enrollmentsQuery } from '../enrollment-schema.js';
import { defineOperation } from '../operation.js';
import { nextBefore, shownBy } from '../schemas.js';
import { reading } from './shared.js';

const own = enrollmentSchema.pick({
  id: true,
  name: true,
  partition: true,
  maxAccounts: true,
  createdAt: true,
  expiresAt: true,
});
const registered = z.number().meta({ description: 'The number of registered accounts.' });
const enrollmentList = z.object({
  enrollments: z.array(own.extend({ registered })).meta({ description: 'Newest first.' }),
  next: nextBefore,
});

export const listEnrollments = defineOperation({
  method: 'get',
  path: '/v1/enrollments',
  ...reading,
  summary: 'Lists enrollments, newest first.',
  description: 'Returns a page at a time. Ended enrollments are in the audit log.',
  query: enrollmentsQuery,
  answer: { status: 200, description: 'A page of enrollments.', schema: enrollmentList },
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

/** The list counts the accounts; an enrollment can have 500. */
const summary = (enrollment: Enrollment) => ({
  ...shownBy(own, enrollment),
  registered: Object.keys(enrollment.accounts).length,
});
