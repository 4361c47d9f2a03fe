import { z } from 'zod';
import { perService } from '../../actions/per-service.js';
import { check, errorCode } from '../../domain/verification.js';
import { connection, links } from '../connections/answers.js';
import { roleVerificationErrors } from '../connections/shared.js';
import { connectionId, roleArn, roleId } from '../example-values.js';
import { type ApiDependencies, defineOperation, RawAnswer } from '../operation.js';
import { callbackEvent } from './event.js';
import { createCallbackReceiver } from './receiver.js';

const preflight = z
  .object({
    checks: z.array(
      z.object({
        name: z.enum(['secret', 'account', 'external_id', 'role', 'permission_set']),
        outcome: check.shape.outcome,
        code: errorCode.optional(),
        message: z.string(),
        remedy: z.string().optional(),
      }),
    ),
    links,
  })
  .meta({ id: 'Preflight' });

const receiverOf = perService((deps: ApiDependencies) =>
  createCallbackReceiver(deps, deps.callbackToleranceMs, deps.limits),
);

const timestamp = '2026-11-24T00:00:00Z';

export const receiveCallback = defineOperation({
  method: 'post',
  path: '/v1/callbacks',
  tag: 'Callback',
  summary: "The customer's stack reports its role; signed as Standard Webhooks specifies.",
  description:
    'The same webhook-id is one event and gets the first answer again. 429 and 503 are no verdict: send the same request again after Retry-After. https://www.standardwebhooks.com',
  auth: 'signature',
  body: callbackEvent,
  answer: {
    status: 200,
    description: 'The connection; to connection.check, a result for each check.',
    schema: z.union([connection, preflight]),
  },
  statusOf: { request_invalid: 422, role_arn_invalid: 422 },
  errors: [
    'target_unknown',
    'organization_suspended',
    ...roleVerificationErrors,
    'callback_in_progress',
    'account_not_bound',
    'role_id_mismatch',
    'idempotency_key_reused',
    'external_id_mismatch',
    'permission_set_unknown',
  ],
  examples: {
    provisioned: {
      body: {
        type: 'role.provisioned',
        timestamp,
        data: { connectionId, roleArn, roleId, scope: { project: 'shop', environment: 'production' } },
      },
      returns: 200,
    },
    deprovisioned: {
      body: { type: 'role.deprovisioned', timestamp, data: { connectionId, roleArn, roleId } },
      returns: 200,
    },
    check: {
      body: { type: 'connection.check', timestamp, data: { connectionId, accountId: '210987654321' } },
      returns: 200,
    },
    notAnArn: {
      body: { type: 'role.provisioned', timestamp, data: { connectionId, roleArn: 'rolebridge', roleId } },
      returns: 'role_arn_invalid',
    },
    unsigned: {
      body: {
        type: 'role.provisioned',
        timestamp,
        data: { connectionId: 'con_aaaaaaaaaaaaaaaaaaaaaaaa', roleArn, roleId },
      },
      returns: 'callback_unauthorized',
    },
  },
  handler: async ({ deps, by, request }) =>
    new RawAnswer(await receiverOf(deps)(request.headers, request.body, by.requestId)),
});
