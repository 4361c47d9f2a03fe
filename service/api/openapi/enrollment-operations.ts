import { accountEnrolledEvent, createEnrollmentRequest, enrollmentsQuery } from '../enrollment-schema.js';
import * as answers from './answers.js';
import { callerProof, enrollmentId } from './example-values.js';
import type { Operation } from './operation.js';

const tag = 'Enrollments';
const path = { id: enrollmentId };
const unknown = { id: 'enr_aaaaaaaaaaaaaaaaaaaaaaaa' };
const registration = (label?: string, proof = callerProof) => ({
  type: 'account.enrolled',
  timestamp: '2026-11-24T00:00:00Z',
  data: { proof, ...(label !== undefined && { label }) },
});

/** Many accounts of one customer, each of which registers itself. */
export const enrollmentOperations = {
  createEnrollment: {
    method: 'post',
    path: '/v1/enrollments',
    tag,
    summary: 'Lets the accounts of an AWS Organization register themselves for a while.',
    description: 'Answers, this once, with the secret that the stacks of the accounts sign with.',
    proof: 'api_key',
    body: createEnrollmentRequest,
    answer: { status: 201, description: 'The enrollment.', schema: answers.createdEnrollment },
    codes: ['partition_not_supported'],
    examples: {
      byUnit: {
        body: { name: 'acme', scopeRule: { otherwise: { project: 'shop', environment: '{label}' } } },
        gives: 201,
      },
      byAccount: {
        body: {
          name: 'acme',
          accountIds: ['210987654321'],
          scopeRule: { accounts: { '210987654321': { project: 'shop', environment: 'production' } } },
          expiresInSeconds: 86_400,
        },
        gives: 201,
      },
      tooMany: { body: { name: 'acme', maxAccounts: 100_000 }, gives: 'request_invalid' },
      otherPartition: { body: { name: 'acme', partition: 'aws-cn' }, gives: 'partition_not_supported' },
    },
  },
  listEnrollments: {
    method: 'get',
    path: '/v1/enrollments',
    tag,
    summary:
      'Lists enrollments, a page at a time, the newest first. Those that were ended are in the audit log.',
    proof: 'api_key',
    query: enrollmentsQuery,
    answer: { status: 200, description: 'A page of enrollments.', schema: answers.enrollmentList },
    codes: [],
    examples: {
      all: { gives: 200 },
      few: { query: { limit: '1' }, gives: 200 },
      notANext: { query: { before: 'enr_aaaaaaaaaaaaaaaaaaaaaaaa' }, gives: 'request_invalid' },
    },
  },
  getEnrollment: {
    method: 'get',
    path: '/v1/enrollments/{id}',
    tag,
    summary: 'An enrollment that has not ended, and the accounts that have registered themselves.',
    proof: 'api_key',
    answer: { status: 200, description: 'The enrollment.', schema: answers.enrollment },
    codes: ['not_found'],
    examples: { one: { path, gives: 200 }, unknown: { path: unknown, gives: 'not_found' } },
  },
  endEnrollment: {
    method: 'delete',
    path: '/v1/enrollments/{id}',
    tag,
    summary: 'Ends it: no further account registers itself. Its connections stay.',
    proof: 'api_key',
    answer: { status: 204, description: 'It has ended.' },
    codes: ['not_found'],
    examples: { end: { path, gives: 204 }, unknown: { path: unknown, gives: 'not_found' } },
  },
  registerAccount: {
    method: 'post',
    path: '/v1/enrollments/{id}/accounts',
    tag,
    summary: 'An account registers itself and gets its connection.',
    description:
      'Signed as the Standard Webhooks specification says, with the secret of the enrollment. `proof` is a signed request for `sts:GetCallerIdentity` that the service sends to AWS: the account is the one that AWS names. The same account gets the same connection again.',
    proof: 'signature',
    body: accountEnrolledEvent,
    answer: {
      status: 200,
      description: 'What its role is to be made with.',
      schema: answers.enrolledAccount,
    },
    codes: [
      'enrollment_ended',
      'account_not_enrollable',
      'account_not_proved',
      'aws_unavailable',
      'vendor_credentials_invalid',
      'scope_taken',
      'connection_disconnected',
      'callback_in_progress',
    ],
    examples: {
      account: { path, body: registration('production'), gives: 200 },
      noLabel: { path, body: registration(), gives: 'request_invalid' },
      oldProof: {
        path,
        body: registration('test', { ...callerProof, date: '20251124T000000Z' }),
        gives: 'account_not_proved',
      },
      unknown: { path: unknown, body: registration('test'), gives: 'callback_unauthorized' },
    },
  },
} as const satisfies Record<string, Operation>;
