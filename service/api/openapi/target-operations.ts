import { z } from 'zod';
import { credentialsRequest } from '../credentials.js';
import { callbackEvent, scope } from '../schemas.js';
import * as answers from './answers.js';
import { roleVerificationCodes } from './connection-operations.js';
import { connectionId, roleArn, roleId } from './example-values.js';
import type { Operation } from './operation.js';

export const targetOperations = {
  resolve: {
    method: 'get',
    path: '/v1/resolve',
    tag: 'Targets',
    summary: 'The connection that applies to a target, and why that one.',
    description:
      'The longest scope that is a prefix of the target wins. A connection that is not healthy is still the answer, with its status.',
    proof: 'api_key',
    query: scope,
    answer: { status: 200, description: 'The connection that applies.', schema: answers.resolution },
    codes: ['no_connection_for_target'],
    examples: {
      environment: { query: { project: 'shop', environment: 'production' }, gives: 200 },
      nothing: { query: { project: 'nobodys' }, gives: 'no_connection_for_target' },
      gap: { query: { environment: 'production' }, gives: 'request_invalid' },
    },
  },
  issueCredentials: {
    method: 'post',
    path: '/v1/credentials',
    tag: 'Targets',
    summary: 'Short-lived credentials for a target.',
    proof: 'api_key',
    body: credentialsRequest,
    answer: { status: 200, description: 'Credentials, and until when.', schema: answers.credentials },
    codes: [
      'no_connection_for_target',
      'connection_not_healthy',
      'connection_changed',
      'role_not_assumable',
      'role_in_vendor_account',
      'partition_not_supported',
      'account_mismatch',
      'duration_too_long',
      'session_tags_denied',
      'session_policy_invalid',
      'method_mismatch',
      'access_key_expired',
      'access_key_not_available',
      'access_key_unreadable',
      'aws_unavailable',
      'vendor_credentials_invalid',
      'vendor_not_allowed',
    ],
    examples: {
      environment: { body: { project: 'shop', environment: 'production' }, gives: 200 },
      narrow: {
        body: {
          project: 'shop',
          durationSeconds: 900,
          sessionName: 'deploy-117',
          sessionPolicy: {
            Version: '2012-10-17',
            Statement: [{ Effect: 'Allow', Action: 's3:GetObject', Resource: '*' }],
          },
          tags: { team: 'checkout' },
        },
        gives: 200,
      },
      tooLong: { body: { project: 'shop', durationSeconds: 43_200 }, gives: 'duration_too_long' },
      tooShort: { body: { project: 'shop', durationSeconds: 60 }, gives: 'request_invalid' },
      notHealthy: { body: { project: 'taken' }, gives: 'connection_not_healthy' },
      nothing: { body: { project: 'nobodys' }, gives: 'no_connection_for_target' },
    },
  },
  getConnectionStatus: {
    method: 'get',
    path: '/v1/connections/{id}/status',
    tag: 'Callback',
    summary: "A connection's health, for its customer; from what is stored.",
    proof: 'status_token',
    answer: { status: 200, description: 'Its health.', schema: answers.connectionStatus },
    codes: [],
    examples: {
      one: { path: { id: connectionId }, gives: 200 },
      another: { path: { id: 'con_aaaaaaaaaaaaaaaaaaaaaaaa' }, gives: 'unauthorized' },
    },
  },
  receiveCallback: {
    method: 'post',
    path: '/v1/callbacks',
    tag: 'Callback',
    summary: "The customer's stack tells of its role; signed as Standard Webhooks says.",
    description:
      'The same webhook-id is one event, with the first answer again. 429 and 503 are not decided: send the same again after Retry-After. https://www.standardwebhooks.com',
    proof: 'signature',
    body: callbackEvent,
    answer: {
      status: 200,
      description: 'The connection; to connection.check, a result for each check.',
      schema: z.union([answers.connection, answers.preflight]),
    },
    statusOf: { request_invalid: 422, role_arn_invalid: 422 },
    codes: [
      ...roleVerificationCodes,
      'callback_in_progress',
      'account_not_bound',
      'role_id_mismatch',
      'external_id_mismatch',
    ],
    examples: {
      provisioned: {
        body: {
          type: 'role.provisioned',
          timestamp: '2026-11-24T00:00:00Z',
          data: { connectionId, roleArn, roleId, scope: { project: 'shop', environment: 'production' } },
        },
        gives: 200,
      },
      deprovisioned: {
        body: {
          type: 'role.deprovisioned',
          timestamp: '2026-11-24T00:00:00Z',
          data: { connectionId, roleArn, roleId },
        },
        gives: 200,
      },
      check: {
        body: {
          type: 'connection.check',
          timestamp: '2026-11-24T00:00:00Z',
          data: { connectionId, accountId: '210987654321' },
        },
        gives: 200,
      },
      notAnArn: {
        body: {
          type: 'role.provisioned',
          timestamp: '2026-11-24T00:00:00Z',
          data: { connectionId, roleArn: 'rolebridge', roleId },
        },
        gives: 'role_arn_invalid',
      },
      unsigned: {
        body: {
          type: 'role.provisioned',
          timestamp: '2026-11-24T00:00:00Z',
          data: { connectionId: 'con_aaaaaaaaaaaaaaaaaaaaaaaa', roleArn, roleId },
        },
        gives: 'callback_unauthorized',
      },
    },
  },
} as const satisfies Record<string, Operation>;
